"""The cluster's manifests played by podman on one machine, and the main journey through the containers."""
