"""A protection practitioner hides a child at once, until an officer decides."""
