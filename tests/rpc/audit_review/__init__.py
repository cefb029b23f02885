"""The review over real mutual TLS, calling a ledger that answers what a test tells it to."""
