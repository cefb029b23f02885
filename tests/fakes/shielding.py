"""Shielding's neighbours as its tests need them: cases in memory, and a ledger that remembers what it entered."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.runtime.errors import BeingChanged, KeyReused, NotFound, ServiceError
from services.shielding.domain import Case, ShieldState
from services.shielding.errors import ActGivenUp
from services.shielding.ports import Act, Asked, Begun, Entered, Pending, Receipt, Waiting
from tests.support.acts import SetClock


@dataclass
class FakeCases:
    """The port `Cases`, in memory."""

    clock: SetClock
    cases: dict[uuid.UUID, tuple[Case, int]] = field(default_factory=dict)
    pending: dict[uuid.UUID, Pending] = field(default_factory=dict)
    tried_at: dict[uuid.UUID, float] = field(default_factory=dict)
    settled: dict[uuid.UUID, tuple[bytes, Receipt]] = field(default_factory=dict)
    readings: dict[uuid.UUID, datetime] = field(default_factory=dict)

    def done(self, asked: Asked) -> Receipt | None:
        digest, receipt = self.settled.get(asked.name, (asked.digest, None))
        if digest != asked.digest:
            raise KeyReused
        return receipt

    def begin(self, pending: Pending) -> Begun:
        case_id = pending.step.case.case_id
        before = self.pending.get(case_id)
        if before is None:
            found = self.cases.get(case_id)
            if (found[0] if found else None) != pending.step.before:
                raise BeingChanged
            self.pending[case_id] = pending
        elif before.name != pending.name:
            raise BeingChanged
        elif before.digest != pending.digest:
            raise KeyReused
        self.tried_at[case_id] = self.clock.monotonic()
        return Begun(self.pending[case_id], is_repeated=before is not None)

    def settle(self, pending: Pending, entered: Entered) -> None:
        case = pending.step.case
        if not self._taken_away(pending):
            return
        found = self.cases.get(case.case_id)
        self.cases[case.case_id] = (case, found[1] if found else entered.number)
        self.settled[pending.name] = (pending.digest, entered.receipt)

    def drop(self, pending: Pending) -> None:
        self._taken_away(pending)

    def keep_reading(self, asked: Asked, receipt: Receipt) -> None:
        self.settled[asked.name] = (asked.digest, receipt)
        self.readings[asked.name] = self.clock.now()

    def find(self, case_id: uuid.UUID) -> tuple[Case, int] | None:
        return self.cases.get(case_id)

    def waiting(self, authority: str, now: datetime, after: tuple[str, uuid.UUID] | None, limit: int) -> Sequence[Case]:
        waits = self._waiting(authority, now)
        position = (datetime.fromisoformat(after[0]), after[1]) if after else None
        left = [case for case in waits if position is None or (case.opened_at, case.case_id) > position]
        return sorted(left, key=lambda case: (case.opened_at, case.case_id))[:limit]

    def count_waiting(self, authority: str, now: datetime) -> Waiting:
        waits = self._waiting(authority, now)
        return Waiting(
            cases=len(waits),
            overdue=sum(case.due_at <= now for case in waits),
            oldest_opened_at=min((case.opened_at for case in waits), default=None),
            next_due_at=min((case.due_at for case in waits if case.due_at > now), default=None),
        )

    def _waiting(self, authority: str, now: datetime) -> list[Case]:
        return [
            case
            for case, _ in self.cases.values()
            if case.authority == authority and (case.state is not ShieldState.ACTIVE or case.due_at <= now)
        ]

    def left_behind(self, seconds: float) -> Sequence[Pending]:
        oldest_first = sorted(self.pending, key=lambda case_id: self.tried_at[case_id])
        now = self.clock.monotonic()
        return [self.pending[one] for one in oldest_first if now - self.tried_at[one] > seconds]

    def forget_old_readings(self) -> None:
        for name, at in list(self.readings.items()):
            if self.clock.now() - at > timedelta(days=1):
                del self.readings[name], self.settled[name]

    def _taken_away(self, pending: Pending) -> bool:
        found = self.pending.get(pending.step.case.case_id)
        if found is None or found.name != pending.name:
            return False
        del self.pending[pending.step.case.case_id]
        return True


@dataclass
class FakeLedger:
    """The port `Ledger`: acts by their key, and which children are closed, by how many; breaks as it is told to."""

    children: dict[bytes, int] = field(default_factory=dict)
    closed: dict[int, bool] = field(default_factory=dict)
    """Number of a closed child -> whether by one person only."""
    entered: dict[uuid.UUID, Entered] = field(default_factory=dict)
    given_up: set[uuid.UUID] = field(default_factory=set)
    notes: int = 0
    index: int = 0
    before_entering: list[BaseException] = field(default_factory=list)
    after_entering: list[BaseException] = field(default_factory=list)
    is_late: bool = False
    """Acts that are resumed come too late to be entered now."""

    def newest_index(self) -> int:
        return self.index

    def enter(self, act: Act, *, known_index: int) -> Entered:
        if self.before_entering:
            raise self.before_entering.pop(0)
        entered = self._entered(act)
        if self.after_entering:
            raise self.after_entering.pop(0)
        return entered

    def note(self, idempotency_key: uuid.UUID) -> Receipt:
        self.notes += 1
        return self._receipt()

    def resume(self, pending: Pending) -> Entered | None:
        if self.before_entering:
            raise self.before_entering.pop(0)
        key = pending.act.idempotency_key
        if key not in self.entered and self.is_late:
            self.given_up.add(key)
        if key in self.given_up:
            return None
        return self._entered(pending.act)

    def _entered(self, act: Act) -> Entered:
        key = act.idempotency_key
        if key in self.given_up:
            raise ActGivenUp
        if key not in self.entered:
            number = act.child.number or self.children.get(act.child.handle, 0)
            if not number:
                raise NotFound
            if act.closes:
                self.closed[number] = act.is_interim
            self.entered[key] = Entered(self._receipt(), number)
        return self.entered[key]

    def _receipt(self) -> Receipt:
        self.index += 1
        return Receipt(self.index, hashlib.sha256(str(self.index).encode()).digest())


class Crash(BaseException):
    """The process ends here: nothing of it runs on."""


def lose_answer() -> list[BaseException]:
    """Return what makes a fake ledger's answer get lost."""
    return [Crash()]


def refusing(error: ServiceError) -> list[BaseException]:
    """Return what makes a fake ledger refuse."""
    return [error]


def again(asked: Asked) -> Asked:
    """Return the same act asked for once more: by another token."""
    return replace(asked, token=f"{asked.token}-again")
