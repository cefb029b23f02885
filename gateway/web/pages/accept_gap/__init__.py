"""A custodian accepts, as one of two, that the log itself has lost entries."""
