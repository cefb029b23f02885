"""The review's use cases over fakes, and its files against the outsider's verifier."""
