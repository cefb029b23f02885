"""The log's Merkle tree (RFC 6962, section 2.1, SHA-256)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()


def commitment(salt: bytes, body: bytes) -> bytes:
    """Return an entry's leaf: the salted commitment to its stored bytes."""
    return hashlib.sha256(salt + body).digest()


def leaf_hash(leaf: bytes) -> bytes:
    """Return the tree's hash of a leaf."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the tree's hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """Return the root over subtrees' hashes: all whole and of one size but the last, which may be smaller."""
    if not hashes:
        return EMPTY_ROOT
    if len(hashes) == 1:
        return hashes[0]
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(root_of(hashes[:split]), root_of(hashes[split:]))


def root_from_inclusion(index: int, size: int, leaf: bytes, proof: Sequence[bytes]) -> bytes:
    """Return the root that a leaf's hash leads to (RFC 9162, 2.1.3.2); raises ValueError for a proof of another length.

    Whoever calls compares the root.
    """
    if not 0 <= index < size:
        raise ValueError("no such leaf")
    position, last, root = index, size - 1, leaf
    for step in proof:
        if last == 0 or len(step) != HASH_BYTES:
            raise ValueError("not a proof of this tree")
        if position & 1 or position == last:
            root = node_hash(step, root)
            while position & 1 == 0 and position:
                position, last = position >> 1, last >> 1
        else:
            root = node_hash(root, step)
        position, last = position >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return root
