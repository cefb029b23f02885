"""The index log of the directory on a real PostgreSQL."""
