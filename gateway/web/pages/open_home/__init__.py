"""A practitioner opens the home, by a further press with a reason of its own."""
