"""Tools that the Makefile calls: they build, they are never part of a running process."""
