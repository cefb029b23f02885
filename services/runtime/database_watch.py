"""Asks a process's own database now and then whether it answers and what time it has; nothing depends on it."""

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
    DATABASE_CONNECTIONS,
    DATABASE_CONNECTIONS_LIMIT,
)
from services.runtime.telemetry import Telemetry

_EVERY_SECONDS = 10.0
_NOW = sa.text("SELECT clock_timestamp()")


class DatabaseWatch:
    """Measures the connections of `engines` (by the pool's name), and asks the first of them."""

    def __init__(self, engines: Mapping[str, Engine], *, clock: Clock, telemetry: Telemetry) -> None:
        self._engine = next(iter(engines.values()))
        self._clock = clock
        self._answers: float | None = None
        self._offset_seconds: float | None = None
        for name, engine in engines.items():
            _watch(telemetry, engine, name)
        telemetry.watch(DATABASE_ANSWERS, lambda: self._answers)
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
                theirs = connection.execute(_NOW).scalar_one()
        except (ServiceError, sa.exc.SQLAlchemyError):
            self._answers, self._offset_seconds = 0.0, None
            return
        # Half of the way there and back is the best guess of when it answered.
        ours = asked_at + timedelta(seconds=(self._clock.monotonic() - began) / 2)
        self._answers, self._offset_seconds = 1.0, (ours - theirs).total_seconds()


def _watch(telemetry: Telemetry, engine: Engine, name: str) -> None:
    pool = engine.pool
    if isinstance(pool, QueuePool):
        telemetry.watch(DATABASE_CONNECTIONS, pool.checkedout, pool=name)
        telemetry.watch(DATABASE_CONNECTIONS_LIMIT, pool.size, pool=name)
