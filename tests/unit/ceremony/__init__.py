"""The key ceremony."""
