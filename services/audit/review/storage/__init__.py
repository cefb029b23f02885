"""What the review remembers, and the folder that it fills: the only SQL and the only files."""
