"""Reads what is committed, beside the writer and on connections of its own."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.audit.ledger.ports import StoredEntry
from services.audit.ledger.storage.tables import entry
from services.runtime.database import transaction

_FIND = sa.text(
    "SELECT e.index, e.at, e.leaf, e.sealed FROM entry e WHERE e.index IN (SELECT t.index FROM tag t WHERE t.tag = "
    "ANY(:tags)) ORDER BY e.index"
)


class PostgresLog:
    """The log, as its readers see it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def find(self, tags: Sequence[bytes]) -> Sequence[StoredEntry]:
        """Return the entries that have these tags, in order of the log. Raises DependencyUnavailable."""
        with transaction(self._engine) as connection:
            rows = connection.execute(_FIND, {"tags": list(tags)})
            return [StoredEntry(row[0], row.at, bytes(row.sealed), bytes(row.leaf)) for row in rows]

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the leaves from `start` up to, without, `end`. Raises DependencyUnavailable."""
        query = sa.select(entry.c.leaf).where(entry.c.index >= start, entry.c.index < end).order_by(entry.c.index)
        with transaction(self._engine) as connection:
            return [bytes(row.leaf) for row in connection.execute(query)]

    def entries(self, start: int, end: int) -> Sequence[StoredEntry]:
        """Return the entries from `start` up to, without, `end`, in order. Raises DependencyUnavailable."""
        return self._entries(entry.c.index >= start, entry.c.index < end)

    def entries_at(self, indexes: Sequence[int]) -> Sequence[StoredEntry]:
        """Return the entries that there are at these positions. Raises DependencyUnavailable."""
        return self._entries(entry.c.index == sa.any_(sa.cast(list(indexes), sa.ARRAY(sa.BigInteger))))

    def _entries(self, *which: sa.ColumnElement[bool]) -> Sequence[StoredEntry]:
        query = sa.select(entry.c.index, entry.c.at, entry.c.sealed, entry.c.leaf).where(*which).order_by(entry.c.index)
        with transaction(self._engine) as connection:
            return [
                StoredEntry(row[0], row.at, bytes(row.sealed), bytes(row.leaf)) for row in connection.execute(query)
            ]
