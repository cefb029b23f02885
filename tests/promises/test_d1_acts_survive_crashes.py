"""D1, the acts: killed between any two steps, retried, swept, the stalled one woken: nothing lost, doubled, half done.

Both shapes of an act across processes (architecture.md 2): effect in the directory, effect in the ledger. The ledger,
the directory and shielding are their own code over their own PostgreSQL; a kill is an exception that none of them
catches.
"""

from __future__ import annotations

import hashlib
import itertools
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pytest
from sqlalchemy.engine import Connection, Engine

from services.audit.ledger.limits import read
from services.audit.ledger.storage.log import PostgresLog
from services.audit.ledger.storage.store import PostgresStore
from services.audit.ledger.use_cases.list_unsettled_acts import ListUnsettledActs
from services.directory.clients.ledger import RemoteLedger, RemoteSettlements
from services.directory.domain import involvements
from services.directory.domain.candidates import Entry
from services.directory.domain.statements import Section, Services, Statement
from services.directory.ports import NewChild, ProviderList, Receipt, StatementKey
from services.directory.storage.container import Containers
from services.directory.storage.records import SqlRecords
from services.directory.use_cases import new_records
from services.directory.use_cases.change_own_services import ChangeOwnServices
from services.directory.use_cases.conclude_act import ConcludeAct
from services.directory.use_cases.settle_acts import SettleActs
from services.runtime.caller import acting_for
from services.runtime.clock import london_day
from services.runtime.errors import ServiceError
from services.runtime.receipts import ReceiptGuard
from services.shielding.clients.ledger import RemoteLedger as ShieldingsLedger
from services.shielding.domain import Ground, Officer, imposed
from services.shielding.ports import Asked, Child
from services.shielding.sealing import Sealing
from services.shielding.storage.cases import SqlCases
from services.shielding.use_cases.drive_on import DriveOn
from services.shielding.use_cases.take_step import TakeStep
from tests.builders.directory import a_row, an_involvement
from tests.fakes.audit_ledger import AREA, LIMITS, Ledger, Person, candidate, with_ceilings
from tests.support.killable import Fate, Killed, Seams, Wire, die
from tests.support.postgres import migrated, running_postgres

NO_PROVIDERS = ProviderList(by_id={}, by_urn={}, by_ods_code={})
MANY = 1_000_000
NIL = uuid.UUID(int=0)
# Later than the ten seconds after which an act counts as left behind.
LEFT_SECONDS = 11.0
STALLED_SECONDS = 20.0


class Shape(Protocol):
    """One shape of act across processes, in a world of its own."""

    fate: Fate

    def begin(self) -> Callable[[], bool]:
        """Return an act on something new that can be tried again and again: whether its caller was told it is done."""
        ...

    def sweep(self) -> None:
        """Let the sweeper of the act's process come round, later than any call may take."""
        ...

    def is_done(self) -> bool:
        """Whether the act happened, once; asserts that everyone who keeps something of it says the same."""
        ...


# effect in the directory ----------------------------------------------------------------------------------------------


class InMemory:
    """The newest receipt of a process whose end is not what is tested here."""

    def load(self) -> int:
        """Return that there is none."""
        return -1

    def keep(self, index: int) -> None:
        """Keep nothing."""


class NoIndex:
    """No search is answered here."""

    def append(self, connection: Connection, children: Sequence[Entry]) -> None:
        """Add nothing."""


@dataclass
class InDirectory:
    """A practitioner records to be working with a child."""

    ledger: Ledger
    engine: Engine
    fate: Fate
    nurse: Person
    number: int = 0

    def __post_init__(self) -> None:
        self.wire = Wire(self.ledger, self.fate, "directory")
        self.records = SqlRecords(
            engine=self.engine,
            containers=Containers(b"d" * 32),
            tag_key=b"t" * 32,
            half_key=b"h" * 32,
            index_log=NoIndex(),
        )
        wire: Any = self.wire
        records: Any = Seams(self.records, self.fate, ("replace", "end"))
        guard = ReceiptGuard(InMemory())
        settlements = RemoteSettlements(wire, guard)
        self.change = ChangeOwnServices(
            ledger=RemoteLedger(wire, guard),
            records=records,
            conclude=ConcludeAct(settlements=settlements),
            clock=self.ledger.clock,
        )
        self.settle_acts = SettleActs(settlements=settlements, records=records)

    def begin(self) -> Callable[[], bool]:
        self.number = self._new_child()
        key, request = str(uuid.uuid4()), hashlib.sha256(uuid.uuid4().bytes).hexdigest()
        handle = self._handle()

        def act() -> bool:
            token = self.ledger.token(self.nurse, "directory:DirectoryService/StartInvolvement", req=request)
            caller = self.wire.signed(token, token.mth)
            with acting_for(caller):
                try:
                    self.change(caller, idempotency_key=key, handle=handle, change=_one_more)
                except ServiceError:
                    return False
            return True

        return act

    def sweep(self) -> None:
        self.ledger.clock.move(LEFT_SECONDS)
        self.settle_acts()

    def is_done(self) -> bool:
        assert not ListUnsettledActs(writer=self.ledger.writer)()
        (services,) = (one.content for one in self._read() if isinstance(one.content, Services))
        assert len(services.involvements) in {1, 2}
        return len(services.involvements) == 2  # the one from before, and the new one

    def _new_child(self) -> int:
        entered = self.ledger.create(self.nurse, settle=False)
        now = self.ledger.clock.now()
        child = a_row(school_urn="", school_start_date=None, gp_ods_code="", gp_start_date=None)
        said = new_records.contents(child, NO_PROVIDERS, act_id=entered.act_id, place=0, now=now)
        new = NewChild(number=entered.number, keys=_keys(entered.pending_keys))
        writes = new_records.writes(new, said, source=uuid.UUID(self.nurse.organisation), now=now)
        self.records.create(entered.act_id, [writes], (), Receipt(entered.receipt.index, entered.receipt.leaf))
        self.ledger.settle(entered.act_id)
        return entered.number

    def _handle(self) -> bytes:
        return self.ledger.search(self.nurse, [candidate(self.number)]).slots[0].handle

    def _read(self) -> Sequence[Statement]:
        """Return what a reader sees: a version that is neither head nor pending would be damage."""
        return self.records.read(self.number, _keys(self.ledger.look(self.nurse, self._handle()).keys))


def _one_more(services: Services, act_id: bytes, now: datetime) -> Services:
    made = uuid.UUID(bytes=act_id[:16])
    return involvements.started(services, an_involvement(), involvement_id=made, today=london_day(now), now=now)


def _keys(released: Sequence[Any]) -> tuple[StatementKey, ...]:
    return tuple(
        StatementKey(
            section=Section(one.version.section),
            source=uuid.UUID(bytes=one.version.source),
            version=one.version.number,
            key=one.key,
        )
        for one in released
    )


# effect in the ledger -------------------------------------------------------------------------------------------------


@dataclass
class InLedger:
    """A protection practitioner hides a child at once."""

    ledger: Ledger
    engine: Engine
    fate: Fate
    officer: Person
    number: int = 0
    case: uuid.UUID = NIL

    def __post_init__(self) -> None:
        self.wire = Wire(self.ledger, self.fate, "shielding")
        self.cases = SqlCases(self.engine, Sealing(b"s" * 32))
        wire: Any = self.wire
        cases: Any = Seams(self.cases, self.fate, ("begin", "settle", "drop"))
        remote = ShieldingsLedger(wire, ReceiptGuard(InMemory()))
        self.take_step = TakeStep(cases=cases, ledger=remote)
        self.drive_on = DriveOn(cases=cases, ledger=remote, left_behind_seconds=0.0)

    def begin(self) -> Callable[[], bool]:
        self.number = self.ledger.create(self.officer).number
        handle = self._handle()
        self.case = name = uuid.uuid4()
        key, digest = uuid.uuid4(), hashlib.sha256(uuid.uuid4().bytes).digest()
        by = Officer(uuid.UUID(self.officer.person), AREA)

        def act() -> bool:
            token = self.ledger.token(self.officer, "shielding:ShieldingService/ImposeInterimShield", req=digest.hex())
            caller = self.wire.signed(token, token.mth)
            asked = Asked(by=by, name=name, idempotency_key=key, digest=digest, token=caller.token or "")
            step = imposed(name, Ground.DOMESTIC_ABUSE, by, self.ledger.clock.now(), frozenset())
            with acting_for(caller):
                try:
                    self.take_step(asked, step, Child(handle=handle))
                except ServiceError:
                    return False
            return True

        return act

    def sweep(self) -> None:
        self.ledger.clock.move(LEFT_SECONDS)
        self.drive_on()

    def is_done(self) -> bool:
        assert not self.cases.left_behind(-60.0)
        is_listed = self.cases.find(self.case) is not None
        # Never a closed child that is on no officer's list, nor a case whose child is open.
        assert self.ledger.look(self.officer, self._handle()).is_limited is is_listed
        return is_listed

    def _handle(self) -> bytes:
        return self.ledger.search(self.officer, [candidate(self.number)]).slots[0].handle


# the worlds -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shape]]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        with server.connect() as connection:
            # PostgreSQL's own crashes are A4's; here its commits are many and small.
            connection.execute("ALTER SYSTEM SET synchronous_commit = off")
            connection.execute("SELECT pg_reload_conf()")
        databases = {name: migrated(server, name) for name in ("audit.ledger", "directory", "shielding")}
        engines = [databases["audit.ledger"].engine(pool_size=size) for size in (1, 4)]
        directory, shielding = databases["directory"].engine(), databases["shielding"].engine()
        counted = ("opened", "rows", "searches", "created")
        limits = with_ceilings(read(LIMITS), **{f"person_{one}": MANY for one in counted})
        ledger = Ledger(PostgresStore(engines[0]), PostgresLog(engines[1]), limits=limits)
        ledger.start()
        try:
            ledger.found()
            officer = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
            yield {
                "in the directory": InDirectory(ledger, directory, Fate(), ledger.somebody()),
                "in the ledger": InLedger(ledger, shielding, Fate(), officer),
            }
        finally:
            ledger.stop()
            for engine in (*engines, directory, shielding):
                engine.dispose()


SHAPES = pytest.mark.parametrize("shape", ["in the directory", "in the ledger"])
STEPS = {
    "in the directory": ("Enter", "replace", "Settle"),
    "in the ledger": ("begin", "Enter", "settle"),
}
SWEEPS = {"in the directory": ("end", "Settle"), "in the ledger": ("ResumeAct", "settle", "drop")}


def points(steps: Sequence[str]) -> list[str]:
    return [f"{when} {step}" for step in steps for when in ("before", "after")]


@SHAPES
def test_killed_between_any_two_steps(
    worlds: dict[str, Shape], shape: str, is_full: bool, record_property: Callable[[str, object], None]
) -> None:
    """The act is killed, perhaps a retry too, perhaps the sweeper too; then the sweeper comes round in peace."""
    world = worlds[shape]
    first = points(STEPS[shape])
    second = [("retry", point) for point in (None, *first)] + [("sweeper", point) for point in points(SWEEPS[shape])]
    plans = list(itertools.product(first, second))
    if not is_full:
        # Each first kill with nobody else killed, and every other pair once in eleven.
        plans = [plan for place, plan in enumerate(plans) if plan[1] == ("retry", None) or place % 11 == 0]
    for point, (who, next_point) in plans:
        act = world.begin()
        told = killed_at(world.fate, point, act)
        assert told is not True
        told_again = killed_at(world.fate, next_point, act if who == "retry" else world.sweep)
        world.sweep()
        is_done = world.is_done()
        assert is_done or told_again is not True or who != "retry", (point, who, next_point)
        assert says_so_for_ever(world, act, is_done=is_done), (point, who, next_point)
    record_property("figure", f"effect {shape}: {len(plans)} pairs of kills, nothing lost, doubled or half done")


@SHAPES
@pytest.mark.parametrize(
    "meanwhile", [("sweep",), ("retry",), ("sweep", "retry"), ("retry", "sweep")], ids=" then ".join
)
def test_a_stalled_process_that_wakes_later(worlds: dict[str, Shape], shape: str, meanwhile: tuple[str, ...]) -> None:
    world = worlds[shape]
    for point in points(STEPS[shape]):
        act = world.begin()
        stands, goes_on = threading.Event(), threading.Event()
        told: list[bool | None] = []

        def stall(stands: threading.Event = stands, goes_on: threading.Event = goes_on) -> None:
            stands.set()
            assert goes_on.wait(STALLED_SECONDS)

        def stalled(
            act: Callable[[], bool] = act, point: str = point, stall: Callable[[], None] = stall, told: list[Any] = told
        ) -> None:
            with world.fate.decided(point, stall):
                told.append(act())

        thread = threading.Thread(target=stalled)
        thread.start()
        assert stands.wait(STALLED_SECONDS), point
        try:
            for who in meanwhile:
                if who == "sweep":
                    world.sweep()
                else:
                    told.append(act())
        finally:
            goes_on.set()
            thread.join(STALLED_SECONDS)
        world.sweep()
        is_done = world.is_done()
        assert is_done or True not in told, point
        assert says_so_for_ever(world, act, is_done=is_done), point


def says_so_for_ever(world: Shape, act: Callable[[], bool], *, is_done: bool) -> bool:
    """Whether the same key says how the act ended; one that nobody has entered yet may still be done, once."""
    again = act()
    world.sweep()
    return (again or not is_done) and world.is_done() is again and act() is again


def killed_at(fate: Fate, point: str | None, what: Callable[[], Any]) -> Any:
    """Return what is returned by something that is killed at a point, if it comes there."""
    with fate.decided(point, die):
        try:
            return what()
        except Killed:
            return None
