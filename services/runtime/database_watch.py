"""Asks a process's own database now and then whether it answers, when, and on how many servers; nothing needs it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

from services.runtime.clock import Clock
from services.runtime.database import reading
from services.runtime.errors import ServiceError
from services.runtime.metrics import (
    CLOCK_OFFSET,
    DATABASE_ANSWERS,
    DATABASE_COMMITS_TWICE,
    DATABASE_CONNECTIONS,
    DATABASE_CONNECTIONS_LIMIT,
)
from services.runtime.telemetry import Telemetry

_EVERY_SECONDS = 10.0
# Our connections commit with `synchronous_commit = on`: a commit waits for a second server where one is named.
_ASKED = sa.text(
    "SELECT clock_timestamp() AS now, current_setting('synchronous_standby_names') <> '' AS is_second_named"
)


class DatabaseWatch:
    """Measures the connections of `engines` (by the pool's name), and asks the first of them."""

    def __init__(self, engines: Mapping[str, Engine], *, clock: Clock, telemetry: Telemetry) -> None:
        self._engine = next(iter(engines.values()))
        self._clock = clock
        self._answers: float | None = None
        self._offset_seconds: float | None = None
        self._commits_twice: float | None = None
        for name, engine in engines.items():
            _watch(telemetry, engine, name)
        telemetry.watch(DATABASE_ANSWERS, lambda: self._answers)
        telemetry.watch(DATABASE_COMMITS_TWICE, lambda: self._commits_twice)
        telemetry.watch(CLOCK_OFFSET, lambda: self._offset_seconds)

    def loop(self, stopping: threading.Event) -> None:
        """Ask, until told to stop."""
        while True:
            self.ask()
            if stopping.wait(_EVERY_SECONDS):
                return

    def ask(self) -> None:
        """Ask once."""
        asked_at, began = self._clock.now(), self._clock.monotonic()
        try:
            with reading(self._engine) as connection:
                found = connection.execute(_ASKED).one()
        except (ServiceError, sa.exc.SQLAlchemyError):
            self._answers, self._offset_seconds, self._commits_twice = 0.0, None, None
            return
        # Half of the way there and back is the best guess of when it answered.
        ours = asked_at + timedelta(seconds=(self._clock.monotonic() - began) / 2)
        self._answers, self._offset_seconds = 1.0, (ours - found.now).total_seconds()
        self._commits_twice = float(found.is_second_named)


def _watch(telemetry: Telemetry, engine: Engine, name: str) -> None:
    pool = engine.pool
    if isinstance(pool, QueuePool):
        telemetry.watch(DATABASE_CONNECTIONS, pool.checkedout, pool=name)
        telemetry.watch(DATABASE_CONNECTIONS_LIMIT, pool.size, pool=name)
