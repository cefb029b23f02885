"""A process measures its database, its clock and its periodic work, and none of it can stop it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql
from sqlalchemy.engine import Engine

from services.runtime.clock import SystemClock
from services.runtime.database import engine_of, periodic
from services.runtime.database_watch import DatabaseWatch
from services.runtime.telemetry import Telemetry
from tests.support.postgres import TestDatabase, migrated, running_postgres


class AheadClock(SystemClock):
    """A clock that is five seconds before all others."""

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=5)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    with running_postgres(tmp_path_factory.mktemp("pg")) as server:
        yield migrated(server, "audit.review")


@pytest.fixture
def engine(database: TestDatabase) -> Iterator[Engine]:
    made = database.engine(pool_size=3)
    yield made
    made.dispose()


def measured(folder: Path, telemetry: Telemetry) -> dict[tuple[str, str], Any]:
    """Return the last value of each metric, by its name and attributes."""
    telemetry.stop()
    lines = [json.loads(line) for line in (folder / "audit.review.metrics.jsonl").read_text().splitlines()]
    return {(one["name"], ",".join(one["attributes"].values())): one["value"] for one in lines if "value" in one}


def rounds(engine: Engine, telemetry: Telemetry, work: Callable[[], None]) -> None:
    """Let periodic work go round a few times."""
    stopping = threading.Event()
    loop = periodic(engine=engine, advisory_lock_id=7, seconds=0.05, work=work, name="publish", telemetry=telemetry)
    thread = threading.Thread(target=loop, args=(stopping,))
    thread.start()
    time.sleep(0.5)
    stopping.set()
    thread.join()


def test_it_measures_the_database_that_answers(engine: Engine, tmp_path: Path) -> None:
    telemetry = Telemetry.start("audit.review", tmp_path)
    watch = DatabaseWatch({"main": engine}, clock=AheadClock(), telemetry=telemetry)
    watch.ask()
    with engine.connect():
        found = measured(tmp_path, telemetry)
    assert found["database_answers", ""] == 1
    assert found["database_connections", "main"] == 1
    assert found["database_connections_limit", "main"] == 3
    assert 4.5 < found["clock_offset", ""] < 5.5


def test_it_measures_the_database_that_does_not(database: TestDatabase, tmp_path: Path) -> None:
    telemetry = Telemetry.start("audit.review", tmp_path)
    url = database.server.url(database.process.database, "nobody").replace("postgresql://", "postgresql+psycopg://", 1)
    engine = engine_of(url)
    watch = DatabaseWatch({"main": engine}, clock=SystemClock(), telemetry=telemetry)
    watch.ask()
    found = measured(tmp_path, telemetry)
    assert found["database_answers", ""] == 0
    assert ("clock_offset", "") not in found
    assert ("database_commits_twice", "") not in found
    engine.dispose()


@pytest.mark.parametrize("names, commits_twice", [("", 0), ("ANY 1 (another)", 1)])
def test_it_measures_whether_a_commit_waits_for_a_second_server(
    names: str, commits_twice: float, database: TestDatabase, engine: Engine, tmp_path: Path
) -> None:
    telemetry = Telemetry.start("audit.review", tmp_path)
    watch = DatabaseWatch({"main": engine}, clock=SystemClock(), telemetry=telemetry)
    with database.server.connect() as connection:
        connection.execute(sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(sql.Literal(names)))
        connection.execute("SELECT pg_reload_conf()")
        try:
            _await(lambda: connection.execute("SHOW synchronous_standby_names").fetchone() == (names,))
            watch.ask()
        finally:
            connection.execute("ALTER SYSTEM RESET synchronous_standby_names")
            connection.execute("SELECT pg_reload_conf()")
    assert measured(tmp_path, telemetry)["database_commits_twice", ""] == commits_twice


def _await(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_rounds_that_end_well_keep_the_age_low(engine: Engine, tmp_path: Path) -> None:
    telemetry = Telemetry.start("audit.review", tmp_path)
    rounds(engine, telemetry, lambda: None)
    found = measured(tmp_path, telemetry)
    assert found["work_rounds", "publish,OK"] >= 3
    assert found["work_age", "publish"] < 0.4


def test_rounds_that_fail_are_counted_and_the_age_grows(engine: Engine, tmp_path: Path) -> None:
    def failing() -> None:
        raise ValueError

    telemetry = Telemetry.start("audit.review", tmp_path)
    rounds(engine, telemetry, failing)
    found = measured(tmp_path, telemetry)
    assert found["work_rounds", "publish,FAILED"] >= 3
    assert ("work_rounds", "publish,OK") not in found
    assert found["work_age", "publish"] >= 0.5


def test_who_has_not_the_lock_has_not_worked(engine: Engine, tmp_path: Path) -> None:
    telemetry = Telemetry.start("audit.review", tmp_path)
    with engine.connect() as other:
        other.exec_driver_sql("SELECT pg_advisory_lock(7)")
        rounds(engine, telemetry, lambda: None)
        other.exec_driver_sql("SELECT pg_advisory_unlock(7)")
    found = measured(tmp_path, telemetry)
    assert not [name for name, _ in found if name == "work_rounds"]
    assert found["work_age", "publish"] >= 0.5
