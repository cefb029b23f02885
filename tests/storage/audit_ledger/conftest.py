"""One PostgreSQL for the folder, an empty ledger for each test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy.engine import Engine

from services.audit.ledger.storage.log import PostgresLog
from services.audit.ledger.storage.store import PostgresStore
from services.audit.ledger.storage.tables import metadata
from tests.fakes.audit_ledger import Ledger
from tests.support.postgres import TestDatabase, migrated, running_postgres

StartLedger = Callable[..., Ledger]


@pytest.fixture(scope="module")
def migrated_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield migrated(server, "audit.ledger")


@pytest.fixture
def database(migrated_database: TestDatabase) -> TestDatabase:
    """The database, emptied by the superuser, whom alone no trigger stops."""
    tables = ", ".join(name for name in metadata.tables if name != "writer")
    with migrated_database.server.connect(migrated_database.process.database) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(f"TRUNCATE {tables}".encode())
        connection.execute("UPDATE writer SET epoch = 0, sealed = '', checkpoint = ''")
    return migrated_database


@pytest.fixture
def serving(database: TestDatabase) -> Iterator[Engine]:
    """What the serving role can do."""
    engine = database.engine(pool_size=4)
    yield engine
    engine.dispose()


@pytest.fixture
def owner(database: TestDatabase) -> Iterator[Engine]:
    """What the role that migrates can do."""
    engine = database.owner_engine()
    yield engine
    engine.dispose()


@pytest.fixture
def start(database: TestDatabase) -> Iterator[StartLedger]:
    """Start a ledger over the database; several may be started."""
    started: list[tuple[Ledger, Engine, Engine]] = []

    def begin(*, waits: bool = True, **said: object) -> Ledger:
        leading, reading = database.engine(pool_size=1), database.engine(pool_size=4)
        ledger = Ledger(PostgresStore(leading), PostgresLog(reading), **said)  # type: ignore[arg-type]  # Ledger's own
        started.append((ledger, leading, reading))
        ledger._thread.start()
        if waits:
            assert ledger.leads_within(10.0)
        return ledger

    yield begin
    for ledger, leading, reading in started:
        ledger.stop()
        leading.dispose()
        reading.dispose()
