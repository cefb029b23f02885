"""The house's rules that a machine can check, each with a sample that must fail."""
