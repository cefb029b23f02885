"""A shield officer hides a child, and a second officer approves."""
