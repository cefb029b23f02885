"""A practitioner says that a number did not work."""
