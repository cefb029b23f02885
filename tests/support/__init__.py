"""Databases, certificates and servers that tests start."""
