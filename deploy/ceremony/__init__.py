"""The key ceremony: root secrets sealed in one file, its key in shares of which custodians bring a quorum together.

Runs by itself on a machine without a network; no process of the suite imports it.
"""
