"""Children's sealed containers, one row a child, and the transactions that change them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from services.directory.domain.candidates import Entry
from services.directory.domain.statements import Section, Statement
from services.directory.errors import RecordDamaged
from services.directory.ports import Moment, Outcome, Receipt, StatementKey, StatementWrite
from services.directory.storage import acts, statement_format
from services.directory.storage.container import Containers, StatementLock, StatementName, statement_key
from services.directory.storage.keys import record_tag
from services.directory.storage.tables import record
from services.runtime.database import quick_reading, transaction
from services.runtime.errors import BeingChanged

log = logging.getLogger(__name__)

_INSERT = sa.text(
    "INSERT INTO record (record_tag, container)"
    " SELECT * FROM unnest(CAST(:tags AS bytea[]), CAST(:containers AS bytea[]))"
)

_CONTAINER = "SELECT container, CAST(CAST(xmin AS text) AS bigint) AS written_by FROM record WHERE record_tag = %(tag)s"
_SNAPSHOT = "SELECT CAST(pg_current_snapshot() AS text) AS snapshot"
_EPOCH = 1 << 32


class IndexLog(Protocol):
    """The sealed log that feeds the index of every directory."""

    def append(self, connection: Connection, children: Sequence[Entry]) -> None:
        """Add entries in the caller's transaction."""
        ...


@dataclass(frozen=True, kw_only=True, repr=False)
class SqlRecords:
    """Containers in PostgreSQL; the keys of statements come with each call and are forgotten after it."""

    engine: Engine
    containers: Containers
    tag_key: bytes
    half_key: bytes
    index_log: IndexLog

    def moment(self) -> Moment:
        """Return the present moment: the snapshot of a transaction that begins now."""
        with quick_reading(self.engine) as cursor:
            return Moment(cursor.execute(_SNAPSHOT).fetchall()[0].snapshot)

    def read(self, number: int, keys: Sequence[StatementKey], *, since: Moment | None = None) -> tuple[Statement, ...]:
        """Return the statements that the keys open; see the port."""
        row = record_tag(self.tag_key, number)
        with quick_reading(self.engine) as cursor:
            found = cursor.execute(_CONTAINER, {"tag": row}).fetchone()
        if not any(key.version for key in keys):
            return ()
        if found is None:
            log.error("record_missing")
            raise RecordDamaged
        try:
            return self._opened(row, bytes(found.container), keys)
        except RecordDamaged:
            if since is not None and is_newer(found.written_by, since.said):
                raise BeingChanged from None
            log.error("record_damaged")  # noqa: TRY400  # the alarm; the error itself holds nothing
            raise

    def outcome_of(self, act_id: bytes) -> Outcome | None:
        """Return how an act ended here; None if it has not."""
        with transaction(self.engine) as connection:
            return acts.outcome_of(connection, act_id)

    def end(self, act_id: bytes, outcome: Outcome) -> Outcome:
        """Write that an act ended without effect, unless it has ended before; return how it ended."""
        with transaction(self.engine) as connection:
            return acts.end(connection, act_id, outcome) or outcome

    def create(
        self, act_id: bytes, children: Sequence[Sequence[StatementWrite]], index: Sequence[Entry], receipt: Receipt
    ) -> Outcome:
        """Write new children; see the port."""
        # Sealed before the transaction begins: what takes time holds no lock.
        rows = [self._first_container(writes) for writes in children]
        with transaction(self.engine) as connection:
            # The act's row comes first: whoever lost the race writes nothing that could stay in the write-ahead log.
            if (before := acts.end(connection, act_id, Outcome.DONE)) is not None:
                return before
            connection.execute(_INSERT, {"tags": [tag for tag, _ in rows], "containers": [made for _, made in rows]})
            acts.keep_receipt(connection, receipt.index)
            # Last, since writers of the index's log wait for one another until they commit.
            self.index_log.append(connection, index)
        return Outcome.DONE

    def replace(self, act_id: bytes, write: StatementWrite, receipt: Receipt) -> Outcome:
        """Replace one source's statement; see the port."""
        row = record_tag(self.tag_key, write.number)
        new = self._lock_of(write.pending)
        old = [self._lock_of(key) for key in write.heads if key.version]
        content = statement_format.encoded(write.statement)
        with transaction(self.engine) as connection:
            if (before := acts.end(connection, act_id, Outcome.DONE)) is not None:
                return before
            container = connection.scalar(
                sa.select(record.c.container).where(record.c.record_tag == row).with_for_update()
            )
            if container is None:
                raise RecordDamaged
            replaced = self.containers.replaced(row, bytes(container), old, new, content)
            connection.execute(sa.update(record).where(record.c.record_tag == row).values(container=replaced))
            acts.keep_receipt(connection, receipt.index)
        return Outcome.DONE

    def _first_container(self, writes: Sequence[StatementWrite]) -> tuple[bytes, bytes]:
        row = record_tag(self.tag_key, writes[0].number)
        statements = [(self._lock_of(write.pending), statement_format.encoded(write.statement)) for write in writes]
        return row, self.containers.made(row, statements)

    def _opened(self, row: bytes, container: bytes, keys: Sequence[StatementKey]) -> tuple[Statement, ...]:
        grouped: dict[tuple[Section, UUID], list[StatementKey]] = defaultdict(list)
        for key in keys:
            grouped[key.section, key.source].append(key)
        found = []
        for (_, source), versions in grouped.items():
            contents = [
                content
                for key in versions
                if key.version and (content := self.containers.opened(row, container, self._lock_of(key))) is not None
            ]
            if len(contents) == 1:
                found.append(statement_format.decoded(contents[0], source))
            elif contents or all(key.version for key in versions):
                # A version that was stored opens nothing, or two versions stand side by side.
                raise RecordDamaged
        return tuple(found)

    def _lock_of(self, key: StatementKey) -> StatementLock:
        name = StatementName(section=key.section.value, source=key.source.bytes, version=key.version)
        return StatementLock(name=name, key=statement_key(key.key, self.half_key, name))


def is_newer(written_by: int, snapshot: str) -> bool:
    """Whether a row's writer (the 32 bits of its xmin) had not committed in a snapshot ("xmin:xmax:in,progress")."""
    oldest, next_one, in_progress = snapshot.split(":")
    newest = int(next_one)
    # The writer's full number is the one nearest to the snapshot: PostgreSQL keeps none that is further away.
    writer = newest + (written_by - newest + _EPOCH // 2) % _EPOCH - _EPOCH // 2
    if writer < int(oldest):
        return False
    return writer >= newest or str(writer) in in_progress.split(",")
