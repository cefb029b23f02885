"""What shielding does: one file an act."""
