"""A synthetic population: invented children, families, schools and teams; the same seed makes the same ones."""
