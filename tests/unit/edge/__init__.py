"""The edge: one way in for every call."""
