"""Migrations of the processes' databases: side by side, by each process's own code, as the owner."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from deploy.local import databases
from deploy.local.child import environment, tail
from deploy.local.configuration import Configuration
from deploy.local.fault import Fault
from deploy.local.layout import PROJECT, Layout
from deploy.local.plan import Plan
from deploy.local.postgres import PostgresServer
from deploy.local.processes import Process


def migrate(
    layout: Layout,
    plan: Plan,
    configuration: Configuration,
    servers: Mapping[str, PostgresServer],
    *,
    checkpoint: Callable[[], None],
) -> list[str]:
    """Migrate every database whose code of storage is not the one it was last migrated with; return whose.

    `checkpoint` is called while we wait and may raise; then, and on a Fault, no migration is left running: each is one
    transaction, and is done again next time.
    """
    running: dict[str, subprocess.Popen[bytes]] = {}
    due: list[tuple[Process, PostgresServer, str]] = []
    try:
        for process in plan.with_database:
            server = servers[plan.postgres_of(process)]
            digest = databases.migrations_digest(process)
            if databases.migrated_digest(server, process) != digest:
                due.append((process, server, digest))
                settings = configuration.write_for_migrations(process)
                running[process.name] = _start(process, settings, _log(layout, process))
        end = time.monotonic() + plan.patience_seconds
        for process, server, digest in due:
            migration, log = running[process.name], _log(layout, process)
            while migration.poll() is None and time.monotonic() < end:
                checkpoint()
                time.sleep(0.03)
            if migration.returncode != 0:
                msg = f"{process.name}: its migrations failed ({log}):\n{tail(log)}"
                raise Fault(msg)
            databases.note_migrated(server, process, digest)
    finally:
        for migration in running.values():
            if migration.poll() is None:
                migration.kill()
            migration.wait()
    return list(running)


def _log(layout: Layout, process: Process) -> Path:
    return layout.logs / f"{process.name}.migrate.log"


def _start(process: Process, settings: Path, log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", process.module, "migrate", "--config", str(settings)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=environment(),
            cwd=PROJECT,
            start_new_session=True,
        )
