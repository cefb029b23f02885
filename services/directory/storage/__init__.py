"""The directory's own database: sealed containers, providers, acts, and the log that feeds the index."""
