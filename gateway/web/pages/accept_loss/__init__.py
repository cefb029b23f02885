"""A custodian accepts, as one of two, that a restore has lost what was recorded."""
