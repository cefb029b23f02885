"""One file for each act that others ask of the ledger."""
