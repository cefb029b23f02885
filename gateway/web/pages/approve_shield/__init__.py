"""A second shield officer approves a shield."""
