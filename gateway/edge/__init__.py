"""The one way in: checks the session of every call and forwards its bytes.

Holds nothing, and can neither make a token nor ask for a record itself.
"""
