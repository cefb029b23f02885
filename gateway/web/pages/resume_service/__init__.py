"""A custodian lets a service that was stopped go on, as one of two."""
