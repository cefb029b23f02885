"""The Merkle tree of RFC 6962 over the log's leaves, kept as complete 256-wide tiles (C2SP tlog-tiles)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import reduce

TILE = 256
_TILE_HEIGHT = 8
_NODE = 32

LeafHashes = Callable[[int], Sequence[bytes]]
"""Returns the leaf hashes of the n-th complete tile of leaves."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tile_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over a power of two of neighbouring hashes."""
    row = list(hashes)
    while len(row) > 1:
        row = [node_hash(row[i], row[i + 1]) for i in range(0, len(row), 2)]
    return row[0]


class Tree:
    """A tree that grows: in memory are one hash for each 256 leaves, those above, and the last incomplete tile.

    One thread appends; others may ask for proofs in any size that was reached before they asked.
    """

    def __init__(self) -> None:
        self.size = 0
        self._tail: list[bytes] = []
        self._tail_tile = 0
        self._rows: list[bytearray] = [bytearray()]
        self._peaks: list[bytes] = []

    @classmethod
    def of(cls, tile_roots: Sequence[bytes], tail: Sequence[bytes]) -> Tree:
        """Return the tree that has these complete tiles and, after them, these leaves."""
        tree = cls()
        for number, root in enumerate(tile_roots):
            tree._push(0, root)
            tree._raise_peaks(number, root)
        tree.size = TILE * len(tile_roots)
        tree._tail_tile = len(tile_roots)
        for leaf in tail:
            tree.append(leaf)
        return tree

    def append(self, leaf: bytes) -> tuple[int, bytes] | None:
        """Append a leaf; return number and root of the tile of leaves that it completes, if it does."""
        hashed = leaf_hash(leaf)
        self._tail.append(hashed)
        self._raise_peaks(self.size, hashed)
        self.size += 1
        if len(self._tail) < TILE:
            return None
        done = self._tail_tile, tile_root(self._tail)
        self._push(0, done[1])
        # A new list: whoever proves something meanwhile keeps the old one.
        self._tail, self._tail_tile = [], self._tail_tile + 1
        return done

    def root(self) -> bytes:
        """Return the root of all leaves so far; for the thread that appends."""
        if not self._peaks:
            return hashlib.sha256(b"").digest()
        return reduce(lambda right, left: node_hash(left, right), reversed(self._peaks))

    def root_at(self, size: int, leaf_hashes: LeafHashes) -> bytes:
        """Return the root of the first `size` leaves."""
        return self._range(0, size, leaf_hashes) if size else hashlib.sha256(b"").digest()

    def inclusion_proof(self, index: int, size: int, leaf_hashes: LeafHashes) -> list[bytes]:
        """Return the path of RFC 6962, 2.1.1, from the leaf upwards; raises ValueError where there is none."""
        if not 0 <= index < size <= self.size:
            raise ValueError("no such leaf in a tree of this size")
        return self._path(index, 0, size, leaf_hashes)

    def consistency_proof(self, old: int, size: int, leaf_hashes: LeafHashes) -> list[bytes]:
        """Return the proof of RFC 6962, 2.1.2, that the tree of `size` continues that of `old`; raises ValueError."""
        if not 0 < old <= size <= self.size:
            raise ValueError("no such sizes")
        return self._subproof(old, 0, size, leaf_hashes, is_whole=True)

    def _raise_peaks(self, before: int, root: bytes) -> None:
        """Add a subtree of the smallest width so far after `before` others of that width.

        The peaks are the roots of the complete subtrees from left to right, as large as they can be.
        """
        while before & 1:
            root = node_hash(self._peaks.pop(), root)
            before >>= 1
        self._peaks.append(root)

    def _push(self, level: int, root: bytes) -> None:
        if level == len(self._rows):
            self._rows.append(bytearray())
        row = self._rows[level]
        row += root
        if len(row) % (TILE * _NODE) == 0:
            last = bytes(row[-TILE * _NODE :])
            self._push(level + 1, tile_root([last[i : i + _NODE] for i in range(0, len(last), _NODE)]))

    def _complete(self, level: int, index: int, leaf_hashes: LeafHashes) -> bytes:
        """Return the hash of the index-th complete subtree of 2**level leaves."""
        stored, above = divmod(level, _TILE_HEIGHT)
        width = 1 << above
        first = index * width
        if stored:
            row = self._rows[stored - 1]
            return tile_root([bytes(row[i * _NODE : (i + 1) * _NODE]) for i in range(first, first + width)])
        tile, offset = divmod(first, TILE)
        tail, tail_tile = self._tail, self._tail_tile
        hashes = tail if tile == tail_tile and len(tail) >= offset + width else leaf_hashes(tile)
        return tile_root(hashes[offset : offset + width])

    def _range(self, start: int, end: int, leaf_hashes: LeafHashes) -> bytes:
        size = end - start
        if size & (size - 1) == 0 and start % size == 0:
            level = size.bit_length() - 1
            return self._complete(level, start // size, leaf_hashes)
        middle = start + _largest_power_below(size)
        return node_hash(self._range(start, middle, leaf_hashes), self._range(middle, end, leaf_hashes))

    def _path(self, index: int, start: int, end: int, leaf_hashes: LeafHashes) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + _largest_power_below(end - start)
        if index < middle:
            return [*self._path(index, start, middle, leaf_hashes), self._range(middle, end, leaf_hashes)]
        return [*self._path(index, middle, end, leaf_hashes), self._range(start, middle, leaf_hashes)]

    def _subproof(self, old: int, start: int, end: int, leaf_hashes: LeafHashes, *, is_whole: bool) -> list[bytes]:
        if old == end - start:
            return [] if is_whole else [self._range(start, end, leaf_hashes)]
        half = _largest_power_below(end - start)
        middle = start + half
        if old <= half:
            left = self._subproof(old, start, middle, leaf_hashes, is_whole=is_whole)
            return [*left, self._range(middle, end, leaf_hashes)]
        right = self._subproof(old - half, middle, end, leaf_hashes, is_whole=False)
        return [*right, self._range(start, middle, leaf_hashes)]


def _largest_power_below(size: int) -> int:
    return 1 << ((size - 1).bit_length() - 1)
