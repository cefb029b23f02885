"""The writer's database: one connection, which follows or leads; one transaction a batch, whole batches a statement."""

from __future__ import annotations

import logging
import os
import random
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, LiteralString

import psycopg
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from psycopg.types.array import ListBinaryDumper
from sqlalchemy.engine import Connection, Engine

from services.audit.ledger.domain.keyring import KEY_BYTES, KeyMaterial
from services.audit.ledger.ports import (
    LEASE_SECONDS,
    KeyWrapping,
    NotLeading,
    Position,
    StoredEntry,
    StoreUnavailable,
    Writing,
)
from services.audit.ledger.storage import lease
from services.audit.ledger.storage.pages import pages
from services.audit.ledger.storage.tables import act, entry, standing, state_log, tile, wrapped_key, writer

log = logging.getLogger(__name__)

Driver = psycopg.Connection[Any]

_SPENT_KEPT = timedelta(hours=1)
_LASTING = 0
"""The month of keys that outlive months."""
_PURGE_ONE_IN = 500

# A batch's statements are the driver's own: SQLAlchemy's work would be a fifth of a millisecond for each.
_ACTS = "SELECT act_id, sealed FROM act WHERE act_id = ANY(%(names)s)"
# No row lock: the fence already keeps every other leader out, and a lock is a write that would date a child's last look
# and tie its key row to the entry in the write-ahead log.
_CHILDREN = "SELECT child_tag, sealed FROM child_key WHERE month = %(month)s AND child_tag = ANY(%(tags)s)"
_SNAPSHOT = sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
_FENCE = "SELECT epoch FROM writer WHERE id = 1 FOR UPDATE"
# One statement, the same for every batch whatever is in it: one journey, and nothing to read in its form.
_WRITE = """
WITH entries AS (
  INSERT INTO entry (index, at, month, leaf, sealed)
  SELECT i, a, %(month)s, l, s FROM unnest(
    CAST(%(indexes)s AS bigint[]), CAST(%(times)s AS timestamptz[]),
    CAST(%(leaves)s AS bytea[]), CAST(%(bodies)s AS bytea[])
  ) AS x(i, a, l, s)
), tags AS (
  INSERT INTO tag (tag, index)
  SELECT t, i FROM unnest(CAST(%(tags)s AS bytea[]), CAST(%(tagged)s AS bigint[])) AS x(t, i)
), spent AS (
  INSERT INTO spent (jti, at) SELECT j, CAST(%(now)s AS timestamptz) FROM unnest(CAST(%(jtis)s AS uuid[])) AS x(j)
), children AS (
  INSERT INTO child_key (month, child_tag, sealed)
  SELECT %(month)s, t, s FROM unnest(CAST(%(child_tags)s AS bytea[]), CAST(%(rows)s AS bytea[])) AS x(t, s)
  ON CONFLICT (month, child_tag) DO UPDATE SET sealed = EXCLUDED.sealed
), acts AS (
  INSERT INTO act (act_id, index, at, is_pending, sealed)
  SELECT n, i, a, p, s FROM unnest(
    CAST(%(act_ids)s AS bytea[]), CAST(%(act_indexes)s AS bigint[]), CAST(%(act_times)s AS timestamptz[]),
    CAST(%(are_pending)s AS boolean[]), CAST(%(acts)s AS bytea[])
  ) AS x(n, i, a, p, s)
  ON CONFLICT (act_id) DO UPDATE SET is_pending = EXCLUDED.is_pending, sealed = EXCLUDED.sealed
), standings AS (
  INSERT INTO standing (party_tag, sealed)
  SELECT t, s FROM unnest(CAST(%(party_tags)s AS bytea[]), CAST(%(standings)s AS bytea[])) AS x(t, s)
  ON CONFLICT (party_tag) DO UPDATE SET sealed = EXCLUDED.sealed
), states AS (
  INSERT INTO state_log (seq, sealed)
  SELECT q, s FROM unnest(CAST(%(seqs)s AS bigint[]), CAST(%(states)s AS bytea[])) AS x(q, s)
), tiles AS (
  INSERT INTO tile (number, root)
  SELECT n, r FROM unnest(CAST(%(tiles)s AS bigint[]), CAST(%(roots)s AS bytea[])) AS x(n, r)
)
UPDATE writer SET sealed = %(position)s, checkpoint = %(checkpoint)s, renewed_at = clock_timestamp() WHERE id = 1
"""
_PURGE = "DELETE FROM spent WHERE at < %(before)s"


class PostgresStore:
    """The database, as the writer uses it, whether it follows or leads."""

    def __init__(self, engine: Engine, *, lease_seconds: float = LEASE_SECONDS) -> None:
        self._engine = engine
        self._lease_seconds = lease_seconds
        self._connection: Connection | None = None
        self._snapshot: Connection | None = None
        self._socket: socket.socket | None = None
        self._epoch: int | None = None
        self._month = 0

    def lead(self) -> None:
        """Become the one leader and begin a new epoch. Raises NotLeading while another leads; following goes on."""
        with _mapped():
            self._epoch = lease.take(self._connected(), lease_seconds=self._lease_seconds)
        if self._epoch is None:
            raise NotLeading

    def renew(self) -> None:
        """Renew the lease. Raises NotLeading if this leader was overtaken."""
        connection, epoch = self._connection, self._epoch
        if connection is None or epoch is None:
            raise NotLeading
        with _mapped():
            if not lease.renew(connection, epoch):
                raise NotLeading

    def give_back(self) -> None:
        """Step down so that another may lead at once; what cannot be said any more runs out by itself."""
        connection, epoch = self._connection, self._epoch
        if connection is not None and epoch is not None:
            with suppress(StoreUnavailable), _mapped():
                lease.give_back(connection, epoch)
        self.step_down()

    def step_down(self) -> None:
        """Close the connection, and with it the lock; harmless when there is none."""
        connection, self._connection = self._connection, None
        held, self._socket = self._socket, None
        self._epoch = self._snapshot = None
        if connection is not None:
            # Closed for good, not back to the pool: the lock goes with it.
            connection.invalidate()
            connection.close()
        if held is not None:
            held.close()

    def abandon(self) -> None:
        """Cut the connection from another thread: whatever waits on it, for ever perhaps, fails now."""
        held = self._socket
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)

    def key_material(self, wrapping: KeyWrapping, now: datetime) -> KeyMaterial | None:
        """Return the keys, None before the first leader has made them; a leader makes and stores them wrapped."""
        month = now.year * 100 + now.month
        with self._transaction() as connection:
            rows = connection.execute(sa.select(wrapped_key.c.name, wrapped_key.c.month, wrapped_key.c.wrapped)).all()
            if not rows and self._epoch is None:
                return None
            if not rows:
                made = {
                    f"month/{month}": (month, os.urandom(KEY_BYTES)),
                    "act": (_LASTING, os.urandom(KEY_BYTES)),
                    "index": (_LASTING, os.urandom(KEY_BYTES)),
                    "checkpoint": (_LASTING, Ed25519PrivateKey.generate().private_bytes_raw()),
                }
                rows = connection.execute(
                    sa.insert(wrapped_key).returning(wrapped_key.c.name, wrapped_key.c.month, wrapped_key.c.wrapped),
                    [{"name": n, "month": m, "wrapped": wrapping.wrap(k, n)} for n, (m, k) in made.items()],
                ).all()
        keys = {name: wrapping.unwrap(bytes(wrapped), name) for name, _, wrapped in rows}
        # The first month's key serves until months turn.
        self._month = min(found for _, found, _ in rows if found != _LASTING)
        return KeyMaterial(
            month=self._month,
            month_key=keys[f"month/{self._month}"],
            act_key=keys["act"],
            index_key=keys["index"],
            checkpoint_key=keys["checkpoint"],
        )

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Let everything read in the block be of one moment, whatever a leader writes meanwhile."""
        with self._transaction() as connection:
            connection.execute(_SNAPSHOT)
            self._snapshot = connection
            try:
                yield
            finally:
                self._snapshot = None

    def position(self) -> Position:
        """Return where the log ends."""
        with self._transaction() as connection:
            row = connection.execute(sa.select(writer.c.epoch, writer.c.sealed, writer.c.checkpoint)).one()
        return Position(epoch=row.epoch, sealed=bytes(row.sealed), checkpoint=row.checkpoint)

    def entries(self, month: int, start: int = 0) -> Iterator[StoredEntry]:
        """Return the month's entries in order, from an index on."""
        columns = (entry.c.index, entry.c.at, entry.c.month, entry.c.sealed, entry.c.leaf)
        for index, at, found, sealed, leaf in pages(self._read, *columns, start=start - 1):
            if found == month:
                yield StoredEntry(index, at, bytes(sealed), bytes(leaf))

    def size(self) -> int:
        """Return how many entries there are: one more than the last index."""
        last = self._read(sa.select(sa.func.max(entry.c.index)))[0][0]
        return 0 if last is None else int(last) + 1

    def tiles(self) -> Sequence[bytes]:
        """Return the roots of the complete tiles of leaves, in order."""
        return [bytes(root) for _, root in pages(self._read, tile.c.number, tile.c.root)]

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the leaves from `start` up to, without, `end`."""
        query = sa.select(entry.c.leaf).where(entry.c.index >= start, entry.c.index < end).order_by(entry.c.index)
        return [bytes(row.leaf) for row in self._read(query)]

    def standings(self) -> Iterable[tuple[bytes, bytes]]:
        """Return every party's row: tag and sealed standing."""
        for tag, sealed in pages(self._read, standing.c.party_tag, standing.c.sealed):
            yield bytes(tag), bytes(sealed)

    def states(self, start: int = 0) -> Iterable[tuple[int, bytes]]:
        """Return the log of states in order, from a row on: number of the row, sealed row."""
        for seq, sealed in pages(self._read, state_log.c.seq, state_log.c.sealed, start=start - 1):
            yield seq, bytes(sealed)

    def pending_acts(self) -> Iterable[tuple[bytes, bytes]]:
        """Return the unsettled acts, oldest first: name, sealed act."""
        query = sa.select(act.c.act_id, act.c.sealed).where(act.c.is_pending).order_by(act.c.at)
        return [(bytes(name), bytes(sealed)) for name, sealed in self._read(query)]

    @contextmanager
    def batch(self) -> Iterator[PostgresBatch]:
        """Yield one transaction, committed at the end of its block. Raises NotLeading if this leader was overtaken."""
        if self._epoch is None:
            raise NotLeading
        driver = _driver_of(self._connected())
        # Each statement waits for its answer. Inside a pipeline the server does not count how long nothing is asked: a
        # leader that is stopped in one would keep the fence for ever.
        with _mapped(), _committed(driver):
            row = driver.execute(_FENCE).fetchone()
            if row is None or row[0] != self._epoch:
                raise NotLeading
            yield PostgresBatch(driver, self._month)

    def _read(self, query: sa.Select[Any]) -> Sequence[Any]:
        with self._transaction() as connection:
            return connection.execute(query).all()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        if self._snapshot is not None:
            with _mapped():
                yield self._snapshot
            return
        with _mapped(), self._connected().begin() as transaction:
            yield transaction.connection

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            driver = _driver_of(self._connection)
            # Lists of bytes as bytes, not as escaped text.
            driver.adapters.register_dumper(list, ListBinaryDumper)
            # A second hold on the socket: it cannot be another's by the time that somebody cuts it.
            self._socket = socket.socket(fileno=os.dup(driver.fileno()))
        return self._connection


class PostgresBatch:
    """One transaction of the leader, which began at the fence: nothing is read here before its row is locked."""

    def __init__(self, driver: Driver, month: int) -> None:
        self._driver = driver
        self._month = month

    def acts(self, act_ids: Iterable[bytes]) -> Mapping[bytes, bytes]:
        """Return the sealed acts that exist among these, by name."""
        return self._read(_ACTS, {"names": list(act_ids)})

    def children(self, tags: Iterable[bytes]) -> Mapping[bytes, bytes]:
        """Return the sealed key rows that exist among these, by tag."""
        return self._read(_CHILDREN, {"month": self._month, "tags": list(tags)})

    def write(self, writing: Writing, *, month: int) -> None:
        """Write everything; it is durable when the transaction's block ends without an error."""
        entries, acts = writing.entries, writing.acts.values()
        rows = list(writing.children.items())
        # The order of new rows must not be the order of the entry's subjects.
        random.SystemRandom().shuffle(rows)
        self._driver.execute(
            _WRITE,
            {
                "month": month,
                "now": entries[-1].at,
                "indexes": [one.index for one in entries],
                "times": [one.at for one in entries],
                "leaves": [one.leaf for one in entries],
                "bodies": [one.sealed for one in entries],
                "tags": [tag for tag, _ in writing.tags],
                "tagged": [index for _, index in writing.tags],
                "jtis": writing.spent,
                "child_tags": [tag for tag, _ in rows],
                "rows": [sealed for _, sealed in rows],
                "act_ids": list(writing.acts),
                "act_indexes": [one.index for one in acts],
                "act_times": [one.at for one in acts],
                "are_pending": [one.is_pending for one in acts],
                "acts": [one.sealed for one in acts],
                "party_tags": list(writing.standings),
                "standings": list(writing.standings.values()),
                "seqs": [seq for seq, _ in writing.states],
                "states": [sealed for _, sealed in writing.states],
                "tiles": [number for number, _ in writing.tiles],
                "roots": [root for _, root in writing.tiles],
                "position": writing.position,
                "checkpoint": writing.checkpoint,
            },
        )
        if entries[-1].index % _PURGE_ONE_IN < len(entries):
            self._driver.execute(_PURGE, {"before": entries[-1].at - _SPENT_KEPT})

    def _read(self, query: LiteralString, named: Mapping[str, object]) -> Mapping[bytes, bytes]:
        return dict(self._driver.execute(query, named, binary=True).fetchall())


@contextmanager
def _committed(driver: Driver) -> Iterator[None]:
    """Commit at the block's end, or roll back if it raises; no savepoint's end is ever taken for a commit."""
    try:
        yield
        driver.commit()
    finally:
        # After a commit there is nothing to roll back.
        with suppress(psycopg.Error):
            driver.rollback()


def _driver_of(connection: Connection) -> Driver:
    driver: Driver = connection.connection.dbapi_connection  # type: ignore[assignment]  # it is
    return driver


@contextmanager
def _mapped() -> Iterator[None]:
    try:
        yield
    except (sa.exc.SQLAlchemyError, psycopg.Error) as error:
        # The driver's own text may hold values: its type is all that is told.
        log.warning("ledger_database_failed", extra={"error_type": type(error).__name__})
        raise StoreUnavailable from None
