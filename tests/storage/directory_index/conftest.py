"""One PostgreSQL for the folder, an empty log for each test."""

from collections.abc import Callable, Iterator
from functools import partial

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.directory.storage.index_log import IndexLog
from tests.builders.directory_entries import KEY
from tests.support.postgres import TestDatabase, migrated, running_postgres


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield migrated(server, "directory")


@pytest.fixture
def engine(database: TestDatabase) -> Iterator[Engine]:
    owner = database.owner_engine()
    with owner.begin() as connection:
        connection.execute(sa.text("TRUNCATE index_delta, index_snapshot"))
    owner.dispose()
    serving = database.engine(pool_size=12)
    yield serving
    serving.dispose()


@pytest.fixture
def owner(database: TestDatabase) -> Iterator[Engine]:
    """What whoever runs the database can do."""
    engine = database.owner_engine()
    yield engine
    engine.dispose()


@pytest.fixture
def a_log(engine: Engine) -> Callable[[], IndexLog]:
    """One more process on the same database."""
    return partial(IndexLog, engine, KEY)
