"""Whom to tell of a weakness: security.txt."""
