"""Signing in: name, password and code on one page."""
