"""The manifests as the cluster would get them: rendered, and compared with what the code says of itself."""
