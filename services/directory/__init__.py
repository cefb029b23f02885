"""Owns what is known of children, sealed, and the search index; never decides who is shielded, nor keeps a record key.

Called by the edge alone; calls the ledger, which writes everything down first and releases keys, and identity for the
keys that verify tokens.
"""
