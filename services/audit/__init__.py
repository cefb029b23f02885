"""The two processes of the audit: the ledger writes and releases, review reads."""
