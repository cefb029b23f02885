"""How changes and snapshots are sealed, so that a row moved, removed, altered or played again is found.

A delta is bound to its place in the order and to the SHA-256 of the row before it: what follows a row that was deleted,
exchanged or altered cannot be opened. A part of a snapshot is bound to its generation, its place, how many parts there
are and the delta after which the snapshot was made; inside stands the hash at which the chain goes on.

What a fresh start cannot see by itself is an old state that is whole: every row after some moment taken away, or all of
them. A running process sees that at its next write, and the ledger decides about every child whatever the index says.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag

from services.directory.index import changes
from services.directory.index.changes import CHANGE_BYTES, Change
from services.directory.index.keys import IndexKey

DELTA_BYTES = 512
PART_BYTES = 1 << 20
SEALED_PART_BYTES = PART_BYTES + 28
_NONCE = 12
_TAG = 16
_HASH = 32
_DELTAS = "index_delta"
_SNAPSHOTS = "index_snapshot"

if CHANGE_BYTES + _NONCE + _TAG != DELTA_BYTES:
    raise AssertionError("a delta has one size")


class SealBroken(Exception):
    """A sealed row is not what was written at its place."""


@dataclass(frozen=True, slots=True)
class Position:
    """How far an index has come: the last delta it holds, and that row's SHA-256."""

    seq: int
    head: bytes


START = Position(0, bytes(_HASH))


def sealed_after(key: IndexKey, last: Position, added: Sequence[Change]) -> list[tuple[int, bytes]]:
    """Return the rows (number, 512 bytes) that say these changes after `last`."""
    rows = []
    for change in added:
        nonce = secrets.token_bytes(_NONCE)
        bound = key.bound(_DELTAS, last.seq + 1, last.head)
        row = nonce + key.deltas.encrypt(nonce, changes.encode(change), bound)
        last = after(last, row)
        rows.append((last.seq, row))
    return rows


def opened_after(key: IndexKey, last: Position, rows: Iterable[tuple[int, bytes]]) -> tuple[list[Change], Position]:
    """Return the changes that rows say which follow `last`, and the position after them; raises SealBroken."""
    found = []
    for seq, row in rows:
        if seq != last.seq + 1 or len(row) != DELTA_BYTES:
            raise SealBroken
        try:
            plain = key.deltas.decrypt(row[:_NONCE], row[_NONCE:], key.bound(_DELTAS, seq, last.head))
            found.append(changes.decode(plain))
        except (InvalidTag, ValueError, IndexError):
            raise SealBroken from None
        last = after(last, row)
    return found, last


def after(last: Position, row: bytes) -> Position:
    """Return the position after one more row."""
    return Position(last.seq + 1, hashlib.sha256(row).digest())


def parts_count(size: int) -> int:
    """Return how many parts a snapshot of so many bytes has."""
    return -(-(size + _HASH) // PART_BYTES)


def parts_of(position: Position, pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a snapshot made at a position in parts of one size, not yet sealed, the last filled up with zeros."""
    held = bytearray(position.head)
    for piece in pieces:
        held += piece
        while len(held) >= PART_BYTES:
            yield bytes(held[:PART_BYTES])
            del held[:PART_BYTES]
    if held:
        yield bytes(held).ljust(PART_BYTES, b"\0")


def sealed_part(key: IndexKey, plain: bytes, *, generation: int, part: int, parts: int, seq: int) -> bytes:
    """Return one part of a snapshot, sealed at its place."""
    nonce = secrets.token_bytes(_NONCE)
    return nonce + key.snapshots.encrypt(nonce, plain, key.bound(_SNAPSHOTS, generation, part, parts, seq))


def opened_part(key: IndexKey, row: bytes, *, generation: int, part: int, parts: int, seq: int) -> bytes:
    """Return one part of a snapshot; raises SealBroken if it was not sealed at this place."""
    try:
        return key.snapshots.decrypt(row[:_NONCE], row[_NONCE:], key.bound(_SNAPSHOTS, generation, part, parts, seq))
    except (InvalidTag, ValueError):
        raise SealBroken from None


def head_and_pages(parts: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the chain's hash that a snapshot begins with, and the pieces of its pages; raises SealBroken if empty."""
    pieces = iter(parts)
    first = next(pieces, None)
    if first is None:
        raise SealBroken
    return first[:_HASH], _rest(first[_HASH:], pieces)


def _rest(first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from pieces
