"""A practitioner looks for a child by name and date of birth, and chooses."""
