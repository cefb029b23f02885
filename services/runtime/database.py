"""Connections to this process's own PostgreSQL database, its migrations, and its periodic work."""

from __future__ import annotations

import logging
import select
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from psycopg.rows import namedtuple_row
from sqlalchemy.engine import Connection, Engine

from services.runtime import deadline as deadlines
from services.runtime.errors import DependencyUnavailable
from services.runtime.metrics import WORK_AGE, WORK_ROUNDS
from services.runtime.telemetry import Telemetry, where

log = logging.getLogger(__name__)

_CONNECT_SECONDS = 3
# A network that swallows packets is noticed in five seconds, by us and by the server, asked or idle (sockets of this
# machine take no notice of these).
_KEEPALIVE = {"idle": 2, "interval": 1, "count": 3}
_UNANSWERED_MILLISECONDS = 5_000


def engine_of(
    url: str | sa.URL,
    *,
    pool_size: int = 8,
    statement_seconds: float = 5.0,
    application_name: str = "contactpoint",
    idle_in_transaction_seconds: float | None = None,
) -> Engine:
    """Return the engine of a database (postgresql+psycopg), pooled, primary only.

    No statement's values are ever shown in an error or log, none takes longer than `statement_seconds`, and a
    connection that lost its primary is not handed out again. A transaction in which nothing is asked for
    `idle_in_transaction_seconds` (twice a statement's time) is ended by the server, and a connection whose other end
    does not answer for five seconds by either side.
    """
    milliseconds = int(statement_seconds * 1000)
    idle_milliseconds = int((idle_in_transaction_seconds or 2 * statement_seconds) * 1000)
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=deadlines.LONGEST_SECONDS,
        pool_recycle=600,
        hide_parameters=True,
        isolation_level="READ COMMITTED",
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "application_name": application_name,
            **{f"keepalives_{name}": value for name, value in _KEEPALIVE.items()},
            "tcp_user_timeout": _UNANSWERED_MILLISECONDS,
            # A standby may lag behind a suspension or a shield: decisions read the primary.
            "target_session_attrs": "read-write",
            "options": (
                f"-c statement_timeout={milliseconds} -c lock_timeout={milliseconds}"
                f" -c idle_in_transaction_session_timeout={idle_milliseconds} -c timezone=UTC"
                + "".join(f" -c tcp_keepalives_{name}={value}" for name, value in _KEEPALIVE.items())
                + f" -c tcp_user_timeout={_UNANSWERED_MILLISECONDS}"
                # What was acknowledged is durable, whatever a server's own file says.
                " -c synchronous_commit=on"
            ),
        },
    )
    sa.event.listen(engine, "checkout", _check_is_quiet)
    return engine


@contextmanager
def transaction(engine: Engine) -> Iterator[Connection]:
    """Yield a connection inside one transaction, committed at the end of the block, rolled back if it raises.

    Raises DependencyUnavailable when the database cannot be reached, the pool is empty, or a statement took too long;
    the driver's own error, whose text may hold values, goes no further.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError) as error:
        log.warning("database_unavailable", extra={"error_type": type(error).__name__})
        raise DependencyUnavailable from None


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Yield a connection for one statement that reads: its own transaction, without a begin and a commit on the wire.

    Raises DependencyUnavailable as `transaction` does.
    """
    with transaction(engine.execution_options(isolation_level="AUTOCOMMIT")) as connection:
        yield connection


@contextmanager
def quick_reading(engine: Engine) -> Iterator[psycopg.Cursor[Any]]:
    """Yield the driver's own cursor for one statement that reads, as `reading` does; rows are named tuples.

    For the statements that every call waits for: of so small a one four fifths are SQLAlchemy's own work. Raises
    DependencyUnavailable as `transaction` does.
    """
    try:
        held = engine.raw_connection()
        driver: psycopg.Connection[Any] = held.dbapi_connection  # type: ignore[assignment]  # it is
        try:
            driver.autocommit = True
            with driver.cursor(row_factory=namedtuple_row, binary=True) as cursor:
                yield cursor
            driver.autocommit = False
        finally:
            if driver.autocommit:
                # Whatever went wrong, nobody else gets it in this state.
                held.invalidate()
            held.close()
    except (psycopg.OperationalError, psycopg.InterfaceError, sa.exc.TimeoutError) as error:
        log.warning("database_unavailable", extra={"error_type": type(error).__name__})
        raise DependencyUnavailable from None


def can_read(engine: Engine) -> bool:
    """Return whether the database answers now; for readiness."""
    try:
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
    except sa.exc.SQLAlchemyError:
        return False
    return True


def periodic(
    *,
    engine: Engine,
    advisory_lock_id: int | None,
    seconds: float,
    work: Callable[[], None],
    name: str,
    telemetry: Telemetry | None = None,
) -> Callable[[threading.Event], None]:
    """Return a loop, for `also_until_stopped`, that does `work` at start and every `seconds`.

    Among all processes on this database only the one that holds the advisory lock works in a round; without a lock each
    process works for itself. An error ends the round, not the loop. `work` must be idempotent, and runs under a
    deadline of its own. The lock keeps a connection of `engine` for the whole round: with as many works as the pool has
    connections, work that asks the same pool would wait for itself.
    """
    telemetry = telemetry or Telemetry.nothing()
    rounds = telemetry.instrument(WORK_ROUNDS)
    done_at = time.monotonic()
    telemetry.watch(WORK_AGE, lambda: time.monotonic() - done_at, work=name)

    def loop(stopping: threading.Event) -> None:
        nonlocal done_at
        while True:
            try:
                with _alone(engine, advisory_lock_id) as is_alone:
                    if is_alone:
                        with deadlines.within(max(seconds, deadlines.LONGEST_SECONDS)):
                            work()
                        done_at = time.monotonic()
                        rounds.add(1, {"work": name, "code": "OK"})
            except Exception as error:  # noqa: BLE001  # the next round may do better, and nothing depends on this one
                rounds.add(1, {"work": name, "code": "FAILED"})
                log.warning(
                    "periodic_work_failed",
                    extra={"work": name, "error_type": type(error).__name__, "where": where(error)},
                )
            if stopping.wait(seconds):
                return

    return loop


def migrate(url: str | sa.URL, script_location: Path, *, lock_seconds: float = 5.0) -> None:
    """Bring a database to the newest migration in `script_location` (numbered, linear, forward only).

    A lock that is not had within `lock_seconds` ends the migration rather than the service. Raises what alembic raises.
    """
    engine = sa.create_engine(
        url,
        poolclass=sa.pool.NullPool,
        hide_parameters=True,
        connect_args={
            "connect_timeout": _CONNECT_SECONDS,
            "options": f"-c lock_timeout={int(lock_seconds * 1000)} -c timezone=UTC",
        },
    )
    config = Config()
    config.set_main_option("script_location", str(script_location).replace("%", "%%"))
    try:
        with engine.begin() as connection:
            # One migration at a time, however many processes were started at once.
            connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('contactpoint-migrate'))"))
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def _check_is_quiet(driver: psycopg.Connection[Any], *_: object) -> None:
    """Make the pool connect anew if the server has said anything on an idle connection: it can only be farewell.

    That a connection was ended is noticed as by a ping, without a ping's journey before each statement.
    """
    poll = select.poll()
    poll.register(driver.fileno(), select.POLLIN)
    if poll.poll(0):
        raise sa.exc.InvalidatePoolError


@contextmanager
def _alone(engine: Engine, advisory_lock_id: int | None) -> Iterator[bool]:
    """Hold the advisory lock on a connection of its own for the block; yield whether it was had, or none is asked."""
    if advisory_lock_id is None:
        yield True
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        taken = bool(connection.scalar(sa.text("SELECT pg_try_advisory_lock(:id)"), {"id": advisory_lock_id}))
        try:
            yield taken
        finally:
            if taken:
                connection.execute(sa.text("SELECT pg_advisory_unlock(:id)"), {"id": advisory_lock_id})
