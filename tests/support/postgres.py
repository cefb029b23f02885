"""A private PostgreSQL for tests of storage: the deployment's own launcher, roles and migrations."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import Engine

from deploy.local import databases, secret_files
from deploy.local.layout import PROJECT, Layout
from deploy.local.postgres import PostgresServer, isolation
from deploy.local.processes import PROCESSES, Process
from services.runtime.database import engine_of, migrate

_START_SECONDS = 30.0
_STOP_SECONDS = 20.0


@dataclass(frozen=True)
class TestDatabase:
    """One process's database, migrated."""

    __test__ = False  # no class of tests

    server: PostgresServer
    process: Process

    def engine(self, *, pool_size: int = 8) -> Engine:
        """Return an engine of the role that serves."""
        return engine_of(self._url(databases.server_role(self.process)), pool_size=pool_size)

    def owner_engine(self) -> Engine:
        """Return an engine of the role that owns every table: what whoever runs the database can do."""
        return engine_of(self._url(databases.owner(self.process)), pool_size=2)

    def _url(self, role: str) -> str:
        return _driven(self.server.url(self.process.database, role))


@contextmanager
def running_postgres(folder: Path) -> Iterator[PostgresServer]:
    """Yield a server that listens on a unix socket below `folder`; it is stopped afterwards."""
    layout = Layout(folder)
    server = PostgresServer(
        layout=layout,
        name="postgres",
        data=layout.postgres / "data",
        sockets=layout.sockets / "pg",
        isolation=isolation(),
    )
    for part in (folder, layout.secrets, layout.postgres):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret_files.password(layout, "unused")
    server.initialise()
    server.configure()
    with (
        (folder / "postgres.txt").open("wb") as said,
        subprocess.Popen(server.command(), stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT) as running,
    ):
        try:
            assert server.wait_until_ready(_START_SECONDS), (folder / "postgres.txt").read_text()
            yield server
        finally:
            running.terminate()
            try:
                running.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                running.kill()


def migrated(server: PostgresServer, process_name: str) -> TestDatabase:
    """Return a process's database with its roles and the newest migrations."""
    process = next(one for one in PROCESSES if one.name == process_name)
    databases.prepare(server.layout, server, [process])
    url = _driven(server.url(process.database, databases.owner(process)))
    migrate(url, PROJECT.joinpath(*process.module.split(".")) / "storage" / "migrations")
    return TestDatabase(server, process)


def _driven(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
