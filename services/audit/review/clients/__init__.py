"""Ports that another process keeps."""
