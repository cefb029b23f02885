"""What identity does by itself, now and then; no decision waits for any of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy.engine import Engine

from services.identity import metrics
from services.identity.clients.ledger import NewestReceipt
from services.identity.ports import Ledger
from services.identity.storage.acts import SqlActs
from services.identity.storage.enrolments import SqlEnrolments
from services.identity.storage.outbox import SqlOutbox
from services.identity.storage.receipts import SqlReceipts
from services.identity.storage.refusals import SqlRefusals
from services.identity.storage.sessions import SqlSessions
from services.identity.storage.token_keys import SqlTokenKeys
from services.identity.use_cases.drive_on import STOPPED_AFTER, DriveOn
from services.runtime.clock import Clock
from services.runtime.database import periodic
from services.runtime.server import UntilStopped
from services.runtime.telemetry import Telemetry

_ACTS_KEPT = timedelta(hours=24)
_SESSIONS_KEPT = timedelta(hours=24)
# Any numbers, as long as each work has its own in this database.
_FIRST_LOCK = 740_001
LOCKED_WORKS = 4
"""How many works hold a lock while they work, and so how many connections `locks` needs: none waits for another."""


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """The periodic work, each under an advisory lock of its own where one process is enough."""

    locks: Engine
    """A pool of its own: a work that holds its lock asks the others' pool for more."""
    clock: Clock
    ledger: Ledger
    newest: NewestReceipt
    acts: SqlActs
    sessions: SqlSessions
    enrolments: SqlEnrolments
    outbox: SqlOutbox
    refusals: SqlRefusals
    receipts: SqlReceipts
    token_keys: SqlTokenKeys
    drive_on: DriveOn
    telemetry: Telemetry

    def loops(self) -> list[UntilStopped]:
        """Return the loops to run until the process stops."""
        works: list[tuple[float, Callable[[], object], str]] = [
            (5.0, self.drive_on, "drive_on"),
            (1.0, self.outbox.deliver, "outbox"),
            (1.0, self.enter_refusals, "refusals"),
            (600.0, self._forget, "forget"),
        ]
        # These are each process's own: its memory, not the database's.
        own: list[tuple[float, Callable[[], object], str]] = [
            (60.0, self.enter_counts, "refusal_counts"),
            (1.0, self._keep_receipt, "receipt"),
            (30.0, self.token_keys.rotate, "token_keys"),
            (10.0, self._backlogs(), "backlogs"),
        ]
        return [
            *(self._loop(number, *work) for number, work in enumerate(works)),
            *(self._loop(None, *work) for work in own),
        ]

    def _loop(self, number: int | None, seconds: float, work: Callable[[], object], name: str) -> UntilStopped:
        def done() -> None:
            work()

        return periodic(
            engine=self.locks,
            advisory_lock_id=None if number is None else _FIRST_LOCK + number,
            seconds=seconds,
            work=done,
            name=name,
            telemetry=self.telemetry,
        )

    def enter_refusals(self) -> None:
        """Enter every refusal of a known person that waits."""
        while self.refusals.enter_known(self.ledger):
            pass

    def enter_counts(self) -> None:
        """Enter how often callers nobody knows were refused."""
        self.refusals.enter_counts(self.ledger)

    def _keep_receipt(self) -> None:
        if self.newest.newest is not None:
            self.receipts.keep(self.newest.newest)

    def _backlogs(self) -> Callable[[], object]:
        """Return what measures that which waits."""
        waiting, age, pending = map(
            self.telemetry.instrument, (metrics.OUTBOX_WAITING, metrics.OUTBOX_AGE, metrics.ACTS_PENDING)
        )

        def measured() -> None:
            now = self.clock.now()
            count, oldest_at = self.outbox.waiting()
            waiting.set(count)
            age.set((now - oldest_at).total_seconds() if oldest_at else 0.0)
            pending.set(len(self.acts.pending_since(now - STOPPED_AFTER)))

        return measured

    def _forget(self) -> None:
        now = self.clock.now()
        self.acts.forget_before(now - _ACTS_KEPT)
        self.sessions.forget_before(now - _SESSIONS_KEPT)
        self.enrolments.forget_before(now)
