"""Valid domain values with one line each, for tests to vary."""
