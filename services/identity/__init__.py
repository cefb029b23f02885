"""Organisations, people, credentials, sessions and grants; signs the tokens that others trust.

It must never hold anything about a child. The edge calls it for each call that it forwards; people reach their own
sessions and accounts through the edge; every process asks it for the keys that verify tokens.
"""
