"""Numbered, linear, forward only."""
