"""The ledger's own database: the only SQL."""
