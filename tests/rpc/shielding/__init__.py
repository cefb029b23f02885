"""Shields: asked for, imposed, approved, listed."""
