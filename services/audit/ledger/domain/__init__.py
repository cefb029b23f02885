"""What the ledger speaks of, and rules that need no database, network or clock."""
