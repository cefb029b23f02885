"""The index of a directory that starts: not there until the ledger has released its key, then kept up with the log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy.engine import Connection, Engine

from services.directory.domain.candidates import Candidate, Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.domain.names import ChildName
from services.directory.index.keys import IndexKey
from services.directory.storage.index_log import IndexLog
from services.runtime.errors import DependencyUnavailable, ServiceError

log = logging.getLogger(__name__)

_LONDON = ZoneInfo("Europe/London")
_SNAPSHOT_HOUR = 3
_FAR_DELTAS = 250_000


class AwaitedIndex:
    """An IndexLog once there is one; until then every question raises DependencyUnavailable."""

    def __init__(
        self, engine: Engine, *, environment: str, open_key: Callable[[], bytes], asks_every_seconds: float
    ) -> None:
        self._engine = engine
        self._environment = environment
        self._open_key = open_key
        self._asks_every_seconds = asks_every_seconds
        self._loaded: IndexLog | None = None
        self._snapshot_on: date | None = None
        self._snapshot_after = 0

    def is_loaded(self) -> bool:
        """Whether questions are answered."""
        return self._loaded is not None

    def entries(self) -> int:
        """Return how many names the index holds; for measuring."""
        return self._loaded.entries if self._loaded is not None else 0

    def lag_seconds(self) -> float | None:
        """Return how long ago the index last agreed with the stored log, None before it is loaded; for measuring."""
        return time.monotonic() - self._loaded.agreed_at if self._loaded is not None else None

    def loop(self, stopping: threading.Event) -> None:
        """Ask the ledger for the key until it answers, load, then follow the log, so that no search has far to go."""
        while self._loaded is None:
            try:
                self._load()
            except ServiceError as error:
                log.warning("index_not_loaded", extra={"reason": error.reason})
                if stopping.wait(self._asks_every_seconds):
                    return
        self._loaded.prepare()
        self._loaded.follow(stopping)

    def candidates(self, question: Question) -> Sequence[Candidate]:
        """Return the children who match best as of now; see the port."""
        return self._index().candidates(question)

    def number_agrees(self, number: int, surname: str, date_of_birth: DateOfBirth) -> bool:
        """Whether the child of that number has that surname and date of birth; see the port."""
        return self._index().number_agrees(number, surname, date_of_birth)

    def is_whole_name(self, number: int, name: ChildName, date_of_birth: DateOfBirth) -> bool:
        """Whether name and date of birth are the whole current ones of that number; see the port."""
        return self._index().is_whole_name(number, name, date_of_birth)

    def current_of(self, numbers: Collection[int]) -> Mapping[int, Entry]:
        """Return the current entries of children by number; see the port."""
        return self._index().current_of(numbers)

    def postcode_tag(self, number: int, postcode: str) -> int | None:
        """Return what an index entry of that child holds of a postcode; see the port."""
        return self._index().postcode_tag(number, postcode)

    def append(self, connection: Connection, children: Sequence[Entry]) -> None:
        """Add entries in the caller's transaction."""
        self._index().append(connection, children)

    def write_snapshot_when_due(self, now: datetime) -> None:
        """Write a whole new snapshot once a night, or when a start would have far to go without one."""
        if self._loaded is None:
            return
        night = now.astimezone(_LONDON)
        is_night = night.hour == _SNAPSHOT_HOUR and night.date() != self._snapshot_on
        is_far = self._loaded.position.seq - self._snapshot_after >= _FAR_DELTAS
        if is_night or is_far:
            self._snapshot_after = self._loaded.position.seq
            self._loaded.write_snapshot()
            self._snapshot_on = night.date()

    def _index(self) -> IndexLog:
        if self._loaded is None:
            raise DependencyUnavailable
        return self._loaded

    def _load(self) -> None:
        # The key stays in this process's memory, and nowhere else.
        index = IndexLog(self._engine, IndexKey(self._open_key(), environment=self._environment))
        index.load()
        self._snapshot_after = index.position.seq
        self._loaded = index
        log.info("index_loaded", extra={"count": index.entries})
