"""A suite whose databases are backed up, how it is lost, and how another one begins where it ended."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.backup import archive
from deploy.backup.archive import Archive, Witness
from deploy.backup.recovery import recover
from deploy.ceremony import __main__ as ceremony
from deploy.local import databases, private_files, stores
from deploy.local.fault import Fault
from deploy.local.operating_system import working_in
from deploy.local.postgres import PostgresServer, isolation
from deploy.local.processes import PROCESSES
from deploy.local.suite import Suite

LEDGER, DIRECTORY, IDENTITY, SHIELDING = "audit.ledger", "directory", "identity", "shielding"
_RUNNING = tuple(process for process in PROCESSES if not process.faces_browsers)
_WITH_DATABASE = tuple(process.name for process in _RUNNING if process.has_database)


@dataclass
class Kept:
    """What lies elsewhere and survives: backups, the sealed file, and the custodians' shares."""

    folder: Path

    def archive(self, process: str) -> Archive:
        """Return the backups of one process's PostgreSQL."""
        return Archive(self.folder / "backups" / process)

    @property
    def sealed(self) -> Path:
        """The sealed file of root secrets."""
        return self.folder / "root-secrets.sealed"

    @property
    def shares(self) -> Path:
        """A file for each custodian, in place of a card."""
        return self.folder / "shares"

    @property
    def published_log(self) -> Path:
        """The log's public files, as anybody may keep them."""
        return self.folder / "log"


@dataclass
class Deployment:
    """One suite, each database in a PostgreSQL of its own."""

    folder: Path
    suite: Suite = field(init=False)
    witness: Witness | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        settings = {"gateway.edge": {"calls_a_minute": 1_000_000}}
        self.suite = Suite(
            self.folder / "suite",
            processes=_RUNNING,
            settings=settings,
            dedicated_postgres={name: self.folder / "postgres" / name for name in _WITH_DATABASE},
        )

    def server(self, process: str) -> PostgresServer:
        """Return the PostgreSQL of a process."""
        plan = self.suite.plan
        servers = stores.postgres_servers(self.suite.layout, plan, isolation())
        return servers[plan.postgres_of(plan.process(process))]

    # while it lives ---------------------------------------------------------------------------------------------------

    def back_up(self, kept: Kept) -> None:
        """Seal the root secrets, begin to archive, and take a base backup of every database."""
        private_files.folder(kept.folder)
        _ceremony(
            "make",
            *("--sealed", kept.sealed, "--share-files", kept.shares, "--secrets", self.suite.layout.secrets),
            *("--environment", self.suite.plan.environment),
        )
        for name in _WITH_DATABASE:
            archive.begin(self.server(name), kept.archive(name))
            self.suite.process(f"postgres.{name}").restart()
            archive.back_up(self.server(name), kept.archive(name))
        self.witness = Witness(self.server(LEDGER), kept.archive(LEDGER))

    def lose_everything(self, kept: Kept) -> None:
        """Kill every process at once and remove all that the deployment ever wrote; only `kept` is left.

        What the others archived is as old as `archive_timeout` allows; here they archive a moment before. The ledger is
        not asked: its last record must be there whenever the power goes.
        """
        for name in _WITH_DATABASE:
            if name != LEDGER:
                archive.archive_now(self.server(name), kept.archive(name))
        shutil.copytree(self.suite.layout.published_log, kept.published_log)
        for pid in working_in(self.server(LEDGER).data):
            pid.send(signal.SIGKILL)
        self.suite.stop()
        if self.witness is not None:
            self.witness.end()
        shutil.rmtree(self.folder)

    # how it begins again ----------------------------------------------------------------------------------------------

    def begin_from(self, kept: Kept) -> None:
        """Set up an empty folder from the shares, the sealed file and the backups, each database to its last record."""
        if self.folder.exists():
            msg = f"{self.folder} is not empty."
            raise Fault(msg)
        layout = self.suite.layout
        layout.prepare()
        _ceremony("open", "--sealed", kept.sealed, "--share-files", kept.shares, "--secrets", layout.secrets)
        for name in _WITH_DATABASE:
            recover(self.server(name), kept.archive(name))
        shutil.copytree(kept.published_log, layout.published_log, dirs_exist_ok=True)
        self.suite.start()

    def take_back(self, process: str, kept: Kept, until: str) -> None:
        """Put a process's database as of a moment in the place of its newest, which lies beside it from then on.

        The process itself stays down.
        """
        server = self.server(process)
        self._stop(process)
        server.data.rename(_newest(server))
        recover(server, kept.archive(process), until=until)
        self.suite.process(server.name).start()
        # The roles' passwords are as old as the copy.
        databases.prepare(self.suite.layout, server, [self.suite.plan.process(process)])

    def put_newest_back(self, process: str) -> None:
        """Put the newest database of a process back."""
        server = self.server(process)
        self._stop(process)
        shutil.rmtree(server.data)
        _newest(server).rename(server.data)
        self.suite.process(server.name).start()
        self.suite.process(process).start()

    def _stop(self, process: str) -> None:
        self.suite.process(process).stop()
        self.suite.process(self.server(process).name).stop()

    # what an operator asks --------------------------------------------------------------------------------------------

    def operate(self, process: str, *arguments: str | Path) -> tuple[int, str]:
        """Return exit code and words of one of a process's own commands."""
        ended = self.suite.operate(process, *map(str, arguments))
        return ended.returncode, ended.stdout + ended.stderr

    def entries(self) -> int:
        """Return how many entries the log has."""
        return int(str(self.suite.psql(LEDGER, "SELECT count(*) FROM entry")[0][0]))


def _newest(server: PostgresServer) -> Path:
    return server.data.with_name("newest")


def people_of(endpoints: Mapping[str, object]) -> dict[str, object]:
    """Return what people and organisations have in their own hands: it is lost with no machine of ours."""
    return {name: endpoints[name] for name in ("organisations", "systems", "users", "settled_on", "children")}


def _ceremony(command: str, *arguments: str | Path) -> None:
    if ceremony.main([command, *map(str, arguments)]) != 0:
        raise Fault("The key ceremony failed.")
