"""Shielding's database on a real PostgreSQL, emptied before each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from tests.support.postgres import TestDatabase, migrated, running_postgres

TABLES = ("recovered_case", "shield_case", "pending_step", "settled_act", "newest_receipt")


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        made = migrated(server, "shielding")
        with server.connect() as connection:
            # Crashes of PostgreSQL are tested elsewhere; here each test is many small transactions.
            connection.execute("ALTER DATABASE contactpoint_shielding SET synchronous_commit = off")
        yield made


@pytest.fixture(scope="session")
def owner(database: TestDatabase) -> Iterator[Engine]:
    engine = database.owner_engine()
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def serving(database: TestDatabase) -> Iterator[Engine]:
    engine = database.engine()
    yield engine
    engine.dispose()


@pytest.fixture
def engine(owner: Engine, serving: Engine) -> Engine:
    with owner.begin() as connection:
        empty(connection)
    return serving


def empty(connection: Connection) -> None:
    """Delete every row."""
    for table in TABLES:
        connection.execute(sa.text(f"DELETE FROM {table}"))
