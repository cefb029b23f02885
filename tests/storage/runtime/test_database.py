"""Connections: what was ended is not handed out, and what reads without a transaction leaves none behind."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.runtime.database import quick_reading, transaction
from services.runtime.errors import DependencyUnavailable
from tests.support.postgres import TestDatabase, migrated, running_postgres

_OURS = "SELECT pg_backend_pid() AS pid, now() AS at, 'ä' AS word, '\\x00ff'::bytea AS content"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    with running_postgres(tmp_path_factory.mktemp("pg")) as server:
        yield migrated(server, "audit.review")


@pytest.fixture
def engine(database: TestDatabase) -> Iterator[Engine]:
    made = database.engine(pool_size=1)
    yield made
    made.dispose()


def end(database: TestDatabase, pid: int) -> None:
    with database.server.connect() as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", (pid,))


def pid_of(engine: Engine) -> int:
    with quick_reading(engine) as cursor:
        return int(cursor.execute("SELECT pg_backend_pid() AS pid").fetchall()[0].pid)


def test_a_quick_reading_has_rows_by_name(engine: Engine) -> None:
    with quick_reading(engine) as cursor:
        (row,) = cursor.execute(_OURS).fetchall()
    assert (row.word, row.content) == ("ä", b"\x00\xff")
    assert row.at.utcoffset().total_seconds() == 0


@pytest.mark.parametrize("is_quick", [True, False])
def test_a_connection_that_was_ended_is_not_handed_out(
    engine: Engine, database: TestDatabase, *, is_quick: bool
) -> None:
    before = pid_of(engine)
    assert pid_of(engine) == before
    end(database, before)
    if is_quick:
        assert pid_of(engine) != before
    else:
        with transaction(engine) as connection:
            assert connection.scalar(sa.text("SELECT pg_backend_pid()")) != before


def test_a_connection_that_is_ended_while_it_is_asked_is_unavailable_and_then_another(
    engine: Engine, database: TestDatabase
) -> None:
    with pytest.raises(DependencyUnavailable), quick_reading(engine) as cursor:
        cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    pid_of(engine)


def test_after_a_quick_reading_that_failed_a_transaction_is_one(engine: Engine) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable), quick_reading(engine) as cursor:
        cursor.execute("SELECT 1 FROM no_such_table")
    with transaction(engine) as connection:
        # The time of a transaction is that of its beginning.
        assert connection.scalar(sa.text("SELECT now()")) == connection.scalar(sa.text("SELECT now()"))


def test_a_quick_reading_begins_no_transaction(engine: Engine) -> None:
    with quick_reading(engine) as cursor:
        first, second = (cursor.execute("SELECT now() AS at").fetchall()[0].at for _ in range(2))
    assert first < second


def test_a_pool_that_is_empty_is_unavailable(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.pool, "_timeout", 0.1)
    with quick_reading(engine), pytest.raises(DependencyUnavailable), quick_reading(engine):
        pass
