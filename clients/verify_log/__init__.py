"""An outsider's verifier of the published log: Python's own library and `cryptography`, nothing of the services.

Formats: RFC 6962 (tree), c2sp.org/signed-note and tlog-checkpoint (the signature), c2sp.org/tlog-tiles (the files).
An entry of this log is a salted commitment of 32 bytes; whoever was given an entry's body and salt can find it.
"""
