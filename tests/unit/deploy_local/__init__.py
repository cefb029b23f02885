"""Parts of the embedded deployment, each by itself."""
