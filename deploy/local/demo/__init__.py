"""The demonstration: the main story, told through the edge against a suite of its own."""
