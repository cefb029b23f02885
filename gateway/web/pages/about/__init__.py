"""What ContactPoint holds, why, for how long, who may look, and how to ask."""
