"""A suite to break: the ledger's PostgreSQL stands alone, on a small disk that can be filled."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import grpc
import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as ledger
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as ledger_rpc

from deploy.local.operating_system import working_in
from deploy.local.population.child import Child, Precision
from deploy.local.population.generate import Population
from deploy.local.settlement.inhabitants import Cast
from deploy.local.settlement.outside import Refused
from deploy.local.settlement.supplying import SEED
from deploy.local.suite import Suite
from tests.support.crowd import whole_name
from tests.support.inside import Inside
from tests.support.living import Living, start_living
from tests.support.town import Town

CHILDREN = 200
LEDGERS_POSTGRES = "postgres.audit.ledger"
_DISK_MEGABYTES = 384
_MEGABYTE = 1 << 20
_LEADS_WITHIN_SECONDS = 40.0
# Crowds, not people: no ceiling is what is tested here.
_LIMITS = {
    f"ceilings.{kind}.{counted}": 50_000_000
    for kind, counts in {"person": ("opened", "rows", "homes", "searches"), "organisation": ("opened", "rows")}.items()
    for counted in counts
}


@dataclass(frozen=True)
class SmallDisk:
    """A file system of its own, if this machine lets us mount one."""

    path: Path
    is_small: bool

    @contextmanager
    def full(self) -> Iterator[None]:
        """Leave no byte free while the block runs."""
        ballast = self.path / "ballast"
        try:
            with ballast.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(_MEGABYTE))
            with ballast.open("ab", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(4096))
            yield
        finally:
            ballast.unlink()


@dataclass
class Doomed:
    """A town whose suite tests may break; each leaves it standing again."""

    town: Town
    disk: SmallDisk
    _children: Iterator[Child]

    @property
    def suite(self) -> Suite:
        """The suite."""
        return self.town.suite

    @property
    def cast(self) -> Cast:
        """Who lives in it."""
        return self.town.cast

    def next_child(self) -> Child:
        """Return a child whom no test has had before, and whom nobody else can be taken for."""
        return next(self._children)

    def postgres_data(self) -> Path:
        """Return the folder of the ledger's PostgreSQL."""
        return self.disk.path / "ledger" / "data"

    def kill_postgres(self) -> None:
        """Kill every process of the ledger's PostgreSQL at once, so that none of them writes what it still holds."""
        for pid in working_in(self.postgres_data()):
            pid.send(signal.SIGKILL)

    def wait_until_the_ledger_leads(self) -> float:
        """Return after how many seconds the ledger appends again."""
        begun_at = time.monotonic()
        with Inside(self.suite).channel("audit.ledger", as_process="identity") as channel:
            stub = ledger_rpc.ProcessServiceStub(channel)
            while True:
                try:
                    stub.EnterRefusals(refusal(), timeout=1.0, wait_for_ready=True)
                except grpc.RpcError:
                    assert time.monotonic() - begun_at < _LEADS_WITHIN_SECONDS, "the ledger does not lead"
                    time.sleep(0.05)
                else:
                    return time.monotonic() - begun_at

    def wait_until_searches_answer(self) -> None:
        """Return when a search goes all the way again: through the edge, the directory and the ledger."""
        outside = self.town.seat("nurse").outside
        wanted = whole_name(self.town.living.story.unique)
        end = time.monotonic() + _LEADS_WITHIN_SECONDS
        while True:
            try:
                outside.call(outside.directory.SearchChildren, wanted)
            except Refused:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)
            else:
                return


def refusal() -> ledger.EnterRefusalsRequest:
    """Return the smallest thing that can be entered: a counted refusal of somebody unknown."""
    return ledger.EnterRefusalsRequest(act="sign_in", rule="WRONG_PASSWORD", count=1)


def doomed_town(config: pytest.Config) -> Doomed:
    """Return the session's suite to break, started if need be; it is stopped and removed when pytest ends."""
    if _DOOMED not in config.stash:
        folder = Path(tempfile.mkdtemp(prefix="contactpoint-"))
        disk = _mounted(folder / "disk")

        def remove() -> None:
            for living in started:
                living.suite.stop()
            if disk.is_small:
                subprocess.run(["umount", "--lazy", disk.path], check=False)
            shutil.rmtree(folder, ignore_errors=True)

        started: list[Living] = []
        config.add_cleanup(remove)
        living = start_living(
            folder / "suite",
            children=CHILDREN,
            limits=_LIMITS,
            dedicated_postgres={"audit.ledger": disk.path / "ledger"},
        )
        started.append(living)
        config.stash[_DOOMED] = Doomed(Town(living), disk, _alone(living.story.today))
    return config.stash[_DOOMED]


def _mounted(path: Path) -> SmallDisk:
    path.mkdir()
    size = f"size={_DISK_MEGABYTES}m,mode=0700"
    command: list[str | Path] = ["mount", "-t", "tmpfs", "-o", size, "contactpoint", path]
    is_small = os.geteuid() == 0 and subprocess.run(command, check=False, capture_output=True).returncode == 0
    return SmallDisk(path, is_small)


def _alone(today: date) -> Iterator[Child]:
    """Yield children with a whole name that no other child of the population has, and a date of birth to the day."""
    population = Population(seed=SEED, children=CHILDREN, today=today)
    names = Counter(child.name for child in population)
    for child in population:
        is_whole = child.name.given_names and not child.is_one_name_only and not child.is_not_yet_named
        if is_whole and child.precision is Precision.DAY and names[child.name] == 1:
            yield child


_DOOMED = pytest.StashKey[Doomed]()
