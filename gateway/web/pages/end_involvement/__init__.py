"""A practitioner ends an own involvement."""
