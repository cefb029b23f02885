"""Recomputes every leaf and the tree from what is stored, and finds the first entry that is not as it was written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from services.audit.ledger import checkpoint, entry_format
from services.audit.ledger.domain.entry import Entry
from services.audit.ledger.domain.keyring import KeyMaterial, Keyring, Unreadable, leaf_of
from services.audit.ledger.domain.tree import TILE, Tree
from services.audit.ledger.gaps_met import GapsMet, LogFaulty
from services.audit.ledger.ports import KeyWrapping
from services.audit.ledger.storage import tables
from services.audit.ledger.storage.pages import pages

_AT_ONCE = 2000


@dataclass(frozen=True, kw_only=True)
class CheckedLog:
    """What was found in order."""

    entries: int
    root: bytes
    checkpoint_size: int


def check_log(
    engine: Engine, wrapping: KeyWrapping, *, environment: str, note: str | None, tell: Callable[[str], None]
) -> CheckedLog:
    """Return what the log holds once every entry, tag, tile and the checkpoint were recomputed; raises LogFaulty.

    `note` is a checkpoint kept elsewhere; without one the log's own newest is taken, which an attacker with the
    database could have replaced by an older one. Reads one snapshot.
    """
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        keyring = Keyring(environment=environment, material=_material(connection, wrapping))
        row = connection.execute(sa.select(tables.writer.c.sealed, tables.writer.c.checkpoint)).one()
        origin, public = checkpoint.origin_of(environment), keyring.checkpoint_key.public_key()
        own = _read_checkpoint(row.checkpoint, origin, public)
        wanted = own if note is None else _read_checkpoint(note, origin, public)
        gaps = GapsMet(origin, tell)
        tree, root_then, tags = _walk(connection, keyring, wanted[0], gaps)
        if wanted[0] > tree.size:
            raise LogFaulty(f"entry {tree.size} is missing: the checkpoint covers {wanted[0]} entries")
        if wanted[0] and root_then != wanted[1]:
            gaps.explain(wanted[0])
            raise LogFaulty(f"some entry before {wanted[0]} was replaced: the checkpoint has another root")
        if own[0] != tree.size:
            raise LogFaulty(f"entry {min(own[0], tree.size)}: the log's own checkpoint covers {own[0]} of {tree.size}")
        _check_tags(connection, keyring, tags)
        return CheckedLog(entries=tree.size, root=tree.root(), checkpoint_size=wanted[0])


def _walk(connection: Connection, keyring: Keyring, wanted_size: int, gaps: GapsMet) -> tuple[Tree, bytes, int]:
    """Return the tree over all entries, its root at `wanted_size`, and how many tags there should be."""
    tree, root_then, tags = Tree(), b"", 0

    def read(query: sa.Select[Any]) -> Sequence[Any]:
        return connection.execute(query).all()

    tiles = pages(read, tables.tile.c.number, tables.tile.c.root)
    column = tables.entry.c
    for expected, stored in enumerate(pages(read, column.index, column.at, column.month, column.leaf, column.sealed)):
        if stored[0] != expected:
            raise LogFaulty(f"entry {expected} is missing")
        tags += gaps.checked(_entry(keyring, stored, gaps.origin), tree)
        completed = tree.append(bytes(stored.leaf))
        if completed:
            tile = next(tiles, None)
            if tile is None or (tile.number, bytes(tile.root)) != completed:
                raise LogFaulty(f"entry {expected - TILE + 1}: the tile that begins here has another root")
        if tree.size == wanted_size:
            root_then = tree.root()
        if tree.size % (100 * TILE) == 0:
            gaps.tell(f"{tree.size} entries are in order")
    gaps.end()
    if next(tiles, None) is not None:
        raise LogFaulty(f"entry {tree.size} is missing: there is a tile beyond the last entry")
    return tree, root_then, tags


def _entry(keyring: Keyring, stored: Any, origin: str) -> Entry:
    """Return one entry, opened; raises LogFaulty if anything about its row is not as it was written."""
    try:
        salt, body = keyring.open_body(stored[0], bytes(stored.sealed))
        entry = entry_format.decode(body)
    except (Unreadable, ValueError):
        raise LogFaulty(f"entry {stored[0]}: its body is not as it was written") from None
    if (entry_format.said_leaf(entry, origin) or leaf_of(salt, body)) != bytes(stored.leaf):
        raise LogFaulty(f"entry {stored[0]}: its leaf is not that of its body")
    if (entry.index, entry.at, keyring.month) != (stored[0], stored.at, stored.month):
        raise LogFaulty(f"entry {stored[0]}: its position, time or month is not what its body says")
    return entry


def _check_tags(connection: Connection, keyring: Keyring, expected: int) -> None:
    """Raise LogFaulty unless the tags are exactly those of the entries' subjects."""
    found = int(connection.scalar(sa.select(sa.func.count()).select_from(tables.tag)) or 0)
    chunk: dict[bytes, int] = {}
    column = tables.entry.c
    for stored in pages(lambda query: connection.execute(query).all(), column.index, column.sealed):
        _, body = keyring.open_body(stored[0], bytes(stored.sealed))
        chunk |= {keyring.tag_of(subject): stored[0] for subject in entry_format.decode(body).subjects}
        if len(chunk) >= _AT_ONCE:
            _check_chunk(connection, chunk)
            chunk = {}
    _check_chunk(connection, chunk)
    if found != expected:
        raise LogFaulty(f"entry 0: there are {found} tags instead of {expected}")


def _check_chunk(connection: Connection, chunk: dict[bytes, int]) -> None:
    rows = connection.execute(sa.text("SELECT tag, index FROM tag WHERE tag = ANY(:tags)"), {"tags": list(chunk)})
    found = {bytes(tag): index for tag, index in rows}
    for tag, index in chunk.items():
        if found.get(tag) != index:
            raise LogFaulty(f"entry {index}: one of its tags is missing or points elsewhere")


def _material(connection: Connection, wrapping: KeyWrapping) -> KeyMaterial:
    rows = connection.execute(sa.select(tables.wrapped_key)).all()
    try:
        keys = {row.name: wrapping.unwrap(bytes(row.wrapped), row.name) for row in rows}
        month = min(row.month for row in rows if row.month)
        return KeyMaterial(
            month=month,
            month_key=keys[f"month/{month}"],
            act_key=keys["act"],
            index_key=keys["index"],
            checkpoint_key=keys["checkpoint"],
        )
    except (KeyError, ValueError):
        raise LogFaulty("the log's keys are missing, or were not wrapped under this root secret") from None


def _read_checkpoint(note: str, origin: str, public: Any) -> tuple[int, bytes]:
    try:
        return checkpoint.read(note, origin, public)
    except ValueError:
        raise LogFaulty("the checkpoint is not signed by this log") from None
