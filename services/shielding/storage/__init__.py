"""The only SQL of shielding."""
