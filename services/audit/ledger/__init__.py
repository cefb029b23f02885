"""The tamper-evident log, the root key of every record and the release rule; it does nothing else.

It must never answer the outside, review what it holds, or let a key out before the entry that says so is durable.
directory, shielding, identity and audit.review call it, each what the contracts list.
"""
