"""My own recent looks: when, what, why, and the child's number."""
