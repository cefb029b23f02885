"""One file for each act."""
