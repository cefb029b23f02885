"""The processes that hold something, one folder each; none imports another."""
