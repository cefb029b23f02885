"""The search index as PostgreSQL keeps it: a chain of sealed deltas, snapshots of it, and the way back into memory."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Collection, Iterator, Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from services.directory.domain.candidates import Candidate, Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.domain.names import ChildName, Shape
from services.directory.errors import IndexRefused
from services.directory.index import sealing
from services.directory.index.changes import Added, Change, Nothing
from services.directory.index.keys import IndexKey
from services.directory.index.memory import Index
from services.directory.index.sealing import START, Position, SealBroken
from services.runtime.database import quick_reading, transaction
from services.runtime.errors import ServiceError

log = logging.getLogger(__name__)

SNAPSHOT_LOCK = 0x436F_6E74_0001
"""Advisory lock of the nightly snapshot."""
SNAPSHOT_SECONDS = 24 * 3600.0

_LOG_LOCK = 0x436F_6E74_0002
_WRITER_LOCK = 0x436F_6E74_0004
_AT_ONCE = 5_000
_FILLED_TO = 4
_PARTS_AT_ONCE = 8
_KEPT_GENERATIONS = 2
_REFUSED_ROUNDS = 30

# The one statement of every search, whoever is looked for.
_AFTER = "SELECT seq, sealed FROM index_delta WHERE seq > %(seq)s ORDER BY seq LIMIT %(most)s"
_LAST = sa.text("SELECT seq, sealed FROM index_delta ORDER BY seq DESC LIMIT 1")
_LOCK = sa.text("SELECT pg_advisory_xact_lock(:id)")
_INSERT = sa.text(
    "INSERT INTO index_delta (seq, sealed) SELECT * FROM unnest(CAST(:seqs AS bigint[]), CAST(:rows AS bytea[]))"
)
_GENERATIONS = sa.text(
    "SELECT generation, min(parts) AS parts, min(seq) AS seq, count(*) AS rows FROM index_snapshot"
    " GROUP BY generation ORDER BY generation DESC"
)
_PARTS = sa.text(
    "SELECT part, sealed FROM index_snapshot"
    " WHERE generation = :generation AND part >= :first AND part < :next ORDER BY part"
)
_INSERT_PART = sa.text(
    "INSERT INTO index_snapshot (generation, part, parts, seq, sealed)"
    " VALUES (:generation, :part, :parts, :seq, :sealed)"
)
_DROP_GENERATIONS = sa.text("DELETE FROM index_snapshot WHERE generation < :oldest")
# The last row stays whatever happens: the chain goes on from it.
_DROP_DELTAS = sa.text("DELETE FROM index_delta WHERE seq <= :seq AND seq < (SELECT max(seq) FROM index_delta)")


class IndexLog:
    """The index of this process, and the stored log that it follows."""

    def __init__(self, engine: Engine, key: IndexKey) -> None:
        self._engine = engine
        self._key = key
        self._index = Index(key)
        self._position = START
        self._following = threading.Lock()
        self._is_refused = False
        self._agreed_at = time.monotonic()
        # A snapshot that cannot be opened still says how far the log went: less than that is not all.
        self._least_seq = 0

    @property
    def position(self) -> Position:
        """How far the index in memory has come."""
        return self._position

    @property
    def agreed_at(self) -> float:
        """When (monotonic) the index last agreed with what is stored."""
        return self._agreed_at

    @property
    def entries(self) -> int:
        """How many names the index holds."""
        return self._index.entries

    def load(self) -> None:
        """Fill the index from the newest snapshot that is whole, and the deltas after it.

        Raises IndexRefused when what is stored is not what was written, and DependencyUnavailable.
        """
        with self._following:
            self._load()
            self._apply_all()
            self._is_refused = False
        self._agreed_at = time.monotonic()

    def catch_up(self) -> None:
        """Apply every delta that was committed before this call: one statement, unless thousands wait.

        Raises IndexRefused when a delta does not follow the one before it, and DependencyUnavailable.
        """
        is_behind = True
        while is_behind:
            if self._is_refused:
                raise IndexRefused
            rows = self._rows_after(self._position.seq)
            is_behind = len(rows) == _AT_ONCE
            with self._following:
                try:
                    self._apply(rows)
                except SealBroken:
                    # A process that stood still for two nights finds the rows it needs gone, into a snapshot.
                    log.warning("index_delta_refused")
                    self._load()
                    self._apply_all()
        self._agreed_at = time.monotonic()

    def follow(self, stopping: threading.Event, *, seconds: float = 1.0) -> None:
        """Keep up with the log until told to stop, so that no search finds thousands of deltas waiting.

        Notices too when rows that this process has read are gone, which no search would, and starts anew from what is
        stored; what is stored and refused is tried again.
        """
        while not stopping.wait(seconds * (_REFUSED_ROUNDS if self._is_refused else 1)):
            try:
                if self._is_refused or self._is_cut_off():
                    self.load()
                else:
                    self.catch_up()
            except (ServiceError, SQLAlchemyError) as error:
                # The next round may do better.
                log.warning("index_not_followed", extra={"error_type": type(error).__name__})

    def append(self, connection: Connection, children: Sequence[Entry]) -> None:
        """Add entries in the caller's transaction; raises IndexRefused if rows that this process has read are gone.

        The lock is held until the transaction ends, so that the order of numbers is the order of commits. The rows are
        shuffled and filled up to a multiple of four: they say neither whose they are nor how many names a child has.
        """
        changes: list[Change] = [Added(entry) for entry in children]
        secrets.SystemRandom().shuffle(changes)
        self.append_changes(connection, changes)

    def append_changes(self, connection: Connection, changes: Sequence[Change]) -> None:
        """Write changes in their order in the caller's transaction; as `append`."""
        filled = [*changes, *(Nothing() for _ in range(-len(changes) % _FILLED_TO))]
        connection.execute(_LOCK, {"id": _LOG_LOCK})
        last = _last(connection)
        if _is_before(last, self._position):
            log.error("index_log_cut_off")
            raise IndexRefused
        rows = sealing.sealed_after(self._key, last, filled)
        if rows:
            connection.execute(_INSERT, {"seqs": [seq for seq, _ in rows], "rows": [sealed for _, sealed in rows]})

    def candidates(self, question: Question) -> Sequence[Candidate]:
        """Return the children who match best as of now; see the port."""
        self.catch_up()
        return self._index.search(question)

    def number_agrees(self, number: int, surname: str, date_of_birth: DateOfBirth) -> bool:
        """Whether the child of that number has that surname and date of birth; see the port."""
        self.catch_up()
        return self._index.find_by_number(number, surname=surname, date_of_birth=date_of_birth) is not None

    def is_whole_name(self, number: int, name: ChildName, date_of_birth: DateOfBirth) -> bool:
        """Whether name and date of birth are the whole current ones of that number; see the port."""
        self.catch_up()
        found = self._index.find_by_number(
            number,
            surname=name.surname,
            given_names=name.given_names,
            is_not_yet_named=name.shape is Shape.NOT_YET_NAMED,
            date_of_birth=date_of_birth,
        )
        return found is not None and found.is_whole_current_name

    def entries_of(self, number: int, date_of_birth: DateOfBirth) -> tuple[Entry, ...]:
        """Return the entries of a child whose date of birth is held as given, as a removal must name them."""
        self.catch_up()
        return self._index.entries_of(number, date_of_birth)

    def current_of(self, numbers: Collection[int]) -> Mapping[int, Entry]:
        """Return the current entries of children by number, as of now; see the port."""
        self.catch_up()
        return self._index.current_of(numbers)

    def prepare(self) -> None:
        """Make ready to be asked by number."""
        self._index.prepare()

    def postcode_tag(self, number: int, postcode: str) -> int | None:
        """Return the eight bits that an index entry of that child holds of a postcode; None for no postcode."""
        return self._key.postcode_tag(number, postcode)

    def write_snapshot(self) -> int:
        """Write a whole new snapshot and return its generation; the last two stay, and the deltas that the older needs.

        It can be repeated at any time. Raises IndexRefused and DependencyUnavailable.
        """
        self.catch_up()
        with self._following:
            position, dump = self._position, self._index.dumped()
        parts = sealing.parts_count(dump.size)
        with transaction(self._engine) as connection:
            connection.execute(_LOCK, {"id": _WRITER_LOCK})
            made = connection.execute(_GENERATIONS).all()
            generation = made[0].generation + 1 if made else 1
            for part, plain in enumerate(sealing.parts_of(position, dump.pieces)):
                place = {"generation": generation, "part": part, "parts": parts, "seq": position.seq}
                sealed = sealing.sealed_part(self._key, plain, **place)
                connection.execute(_INSERT_PART, {**place, "sealed": sealed})
            # Two generations stay, and the deltas that the older of them needs.
            connection.execute(_DROP_GENERATIONS, {"oldest": generation - _KEPT_GENERATIONS + 1})
            if made:
                connection.execute(_DROP_DELTAS, {"seq": made[0].seq})
        log.info("index_snapshot_written", extra={"parts": parts})
        return generation

    def _rows_after(self, seq: int) -> list[tuple[int, bytes]]:
        with quick_reading(self._engine) as cursor:
            found = cursor.execute(_AFTER, {"seq": seq, "most": _AT_ONCE}).fetchall()
        return [(row.seq, row.sealed) for row in found]

    def _apply(self, rows: Sequence[tuple[int, bytes]]) -> None:
        # Another thread may have applied the first of them meanwhile.
        new = [(seq, row) for seq, row in rows if seq > self._position.seq]
        changes, position = sealing.opened_after(self._key, self._position, new)
        self._index.apply(changes)
        self._position = position

    def _apply_all(self) -> None:
        try:
            while rows := self._rows_after(self._position.seq):
                self._apply(rows)
            _check_reached(self._position, self._least_seq)
        except SealBroken:
            self._is_refused = True
            log.error("index_log_refused")  # noqa: TRY400  # a trace adds nothing: what was read is sealed
            raise IndexRefused from None

    def _is_cut_off(self) -> bool:
        known = self._position
        with transaction(self._engine) as connection:
            last = _last(connection)
        if _is_before(last, known):
            log.error("index_log_cut_off")
            return True
        return False

    def _load(self) -> None:
        with transaction(self._engine) as connection:
            made = connection.execute(_GENERATIONS).all()
        self._least_seq = max((one.seq for one in made), default=0)
        for one in made:
            index = Index(self._key)
            try:
                head, pages = sealing.head_and_pages(self._parts(one.generation, one.parts, one.seq))
                index.load(pages)
            except (SealBroken, ValueError):
                # The older one and the deltas since say the same; somebody must look why this one does not.
                log.error("index_snapshot_refused")  # noqa: TRY400  # as above
                continue
            self._index, self._position = index, Position(one.seq, head)
            return
        self._index, self._position = Index(self._key), START

    def _parts(self, generation: int, parts: int, seq: int) -> Iterator[bytes]:
        expected = 0
        for first in range(0, parts, _PARTS_AT_ONCE):
            with transaction(self._engine) as connection:
                rows = connection.execute(
                    _PARTS, {"generation": generation, "first": first, "next": first + _PARTS_AT_ONCE}
                ).all()
            for row in rows:
                if row.part != expected:
                    raise SealBroken
                yield sealing.opened_part(
                    self._key, bytes(row.sealed), generation=generation, part=row.part, parts=parts, seq=seq
                )
                expected += 1
        if expected != parts:
            raise SealBroken


def _last(connection: Connection) -> Position:
    row = connection.execute(_LAST).first()
    return START if row is None else sealing.after(Position(row.seq - 1, b""), bytes(row.sealed))


def _check_reached(position: Position, least_seq: int) -> None:
    if position.seq < least_seq:
        raise SealBroken


def _is_before(last: Position, known: Position) -> bool:
    return last.seq < known.seq or (last.seq == known.seq and last.head != known.head)
