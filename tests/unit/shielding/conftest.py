"""Shielding's use cases over fakes, with three people and one child."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import pytest

from services.shielding.domain import Ground, Officer
from services.shielding.ports import Asked
from services.shielding.use_cases.approve_shield import ApproveShield
from services.shielding.use_cases.count_shield_cases import CountShieldCases
from services.shielding.use_cases.drive_on import DriveOn
from services.shielding.use_cases.impose_interim_shield import ImposeInterimShield
from services.shielding.use_cases.list_shield_cases import ListShieldCases
from services.shielding.use_cases.propose_shield import ProposeShield
from services.shielding.use_cases.request_shield import RequestShield
from services.shielding.use_cases.take_step import TakeStep
from tests.fakes.shielding import FakeCases, FakeLedger
from tests.support.acts import SetClock

AUTHORITY = "E08000001"
NURSE = Officer(uuid.UUID(int=1), AUTHORITY)
FIRST = Officer(uuid.UUID(int=2), AUTHORITY)
SECOND = Officer(uuid.UUID(int=3), AUTHORITY)
ELSEWHERE = Officer(uuid.UUID(int=4), "E09000002")
HANDLE = b"h" * 64
NUMBER = 1234567894
GROUND = Ground.DOMESTIC_ABUSE


def asked(by: Officer, *, key: int = 0, bytes_: bytes = b"request") -> Asked:
    """Return one call of somebody; the same `key` is the same act."""
    number = key or uuid.uuid4().int
    return Asked(
        by=by,
        name=uuid.uuid5(by.person, str(number)),
        idempotency_key=uuid.UUID(int=number),
        digest=hashlib.sha256(bytes_).digest(),
        token="token",
    )


@dataclass
class Shielding:
    """Everything shielding does."""

    clock: SetClock = field(default_factory=lambda: SetClock(datetime(2026, 12, 23, 10, tzinfo=UTC)))
    ledger: FakeLedger = field(default_factory=lambda: FakeLedger(children={HANDLE: NUMBER}, index=41))

    def __post_init__(self) -> None:
        self.cases = FakeCases(self.clock)
        take_step = TakeStep(cases=self.cases, ledger=self.ledger)
        holidays = frozenset({date(2026, 12, 25), date(2026, 12, 28), date(2027, 1, 1)})
        self.request = RequestShield(take_step=take_step, clock=self.clock, holidays=holidays)
        self.impose = ImposeInterimShield(take_step=take_step, clock=self.clock, holidays=holidays)
        self.propose = ProposeShield(take_step=take_step, clock=self.clock, holidays=holidays)
        self.approve = ApproveShield(cases=self.cases, take_step=take_step, clock=self.clock, holidays=holidays)
        self.list = ListShieldCases(cases=self.cases, ledger=self.ledger, clock=self.clock)
        self.count = CountShieldCases(cases=self.cases, clock=self.clock)
        self.drive_on = DriveOn(cases=self.cases, ledger=self.ledger)


@pytest.fixture
def shielding() -> Shielding:
    return Shielding()
