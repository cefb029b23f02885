"""Every test, by what it needs to run."""
