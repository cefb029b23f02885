"""The directory's own database, migrated."""

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import Engine

from tests.support.postgres import TestDatabase, migrated, running_postgres


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield migrated(server, "directory")


@pytest.fixture
def engine(database: TestDatabase) -> Iterator[Engine]:
    serving = database.engine()
    yield serving
    serving.dispose()
