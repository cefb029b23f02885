"""The Merkle tree of RFC 6962, section 2.1, with SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

HASH_BYTES = 32


def hash_of_leaf(leaf: bytes) -> bytes:
    """Return MTH({leaf})."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def hash_of_pair(left: bytes, right: bytes) -> bytes:
    """Return the hash of a node from those of its two children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Peaks:
    """The perfect subtrees of a growing tree, largest first: the shortest thing that still knows its root."""

    def __init__(self) -> None:
        self._peaks: list[tuple[int, bytes]] = []

    def add(self, height: int, hashed: bytes) -> None:
        """Append a perfect subtree of 2**height leaves; no smaller one may have come before it in this place."""
        while self._peaks and self._peaks[-1][0] == height:
            hashed = hash_of_pair(self._peaks.pop()[1], hashed)
            height += 1
        self._peaks.append((height, hashed))

    def root(self) -> bytes:
        """Return the root over everything so far."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        root = self._peaks[-1][1]
        for _, peak in reversed(self._peaks[:-1]):
            root = hash_of_pair(peak, root)
        return root


def root_over(hashes: Iterable[bytes]) -> bytes:
    """Return the root over the hashes of leaves, or of perfect subtrees that are all of one size."""
    peaks = Peaks()
    for hashed in hashes:
        peaks.add(0, hashed)
    return peaks.root()


def leads_to(root: bytes, *, leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bool:
    """Whether an inclusion proof leads from a leaf (not its hash) at `index` to the root of a tree of `size`.

    The proof's length and the side of each step follow from index and size alone: below the first place where the path
    leaves the tree's right edge every level has a sibling, above it only those where the path is a right child.
    """
    if not 0 <= index < size or any(len(step) != HASH_BYTES for step in proof):
        return False
    inner = (index ^ (size - 1)).bit_length()
    outer = (index >> inner).bit_count()
    if len(proof) != inner + outer:
        return False
    hashed = hash_of_leaf(leaf)
    for level, step in enumerate(proof[:inner]):
        hashed = hash_of_pair(step, hashed) if index >> level & 1 else hash_of_pair(hashed, step)
    for step in proof[inner:]:
        hashed = hash_of_pair(step, hashed)
    return hashed == root
