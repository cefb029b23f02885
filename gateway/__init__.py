"""The ways in, which hold nothing: the edge, and later the pages."""
