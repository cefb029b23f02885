"""The two ways to deploy: embedded on one machine, and Kubernetes."""
