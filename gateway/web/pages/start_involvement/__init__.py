"""A practitioner records to be working with a child."""
