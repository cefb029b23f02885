"""Owns what people do with the log: reading it, and its public files. Never holds a root key or a key of the log.

Every body that it reads is entered by the ledger first. Called by the edge alone; calls the ledger.
"""
