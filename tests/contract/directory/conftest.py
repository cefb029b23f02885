"""The directory's database, and a second way to keep each port."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from services.directory.index.keys import IndexKey
from services.directory.ports import Providers, Records
from services.directory.storage.container import Containers
from services.directory.storage.index_log import IndexLog
from services.directory.storage.providers import SqlProviders
from services.directory.storage.records import SqlRecords
from tests.fakes.directory_storage import HALF, FakeChildren, FakeProviders, FakeRecords
from tests.support.postgres import TestDatabase, migrated, running_postgres


@dataclass(frozen=True)
class Storage:
    """One way to keep the ports of storage."""

    records: Records
    providers: Providers


@pytest.fixture(scope="session")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield migrated(server, "directory")


@pytest.fixture(params=["fake", "sql"])
def storage(request: pytest.FixtureRequest) -> Iterator[Storage]:
    if request.param == "fake":
        records = FakeRecords(FakeChildren())
        yield Storage(records, FakeProviders(records))
        return
    database: TestDatabase = request.getfixturevalue("database")
    owner = database.owner_engine()
    with owner.begin() as connection:
        connection.execute(sa.text("TRUNCATE index_delta, index_snapshot, record, act, provider"))
        connection.execute(sa.text("UPDATE newest_receipt SET receipt_index = -1"))
    owner.dispose()
    engine = database.engine(pool_size=12)
    index = IndexLog(engine, IndexKey(bytes(range(32)), environment="synthetic"))
    kept = SqlRecords(
        engine=engine, containers=Containers(b"d" * 32), tag_key=b"t" * 32, half_key=HALF, index_log=index
    )
    yield Storage(kept, SqlProviders(engine))
    engine.dispose()
