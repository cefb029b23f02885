"""Crashes between any two steps, with the cases in PostgreSQL: what is left is driven on from its rows alone."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.engine import Engine

from services.runtime.errors import BeingChanged, DependencyUnavailable, ServiceError
from services.shielding.domain import Ground, Officer, ShieldState
from services.shielding.ports import Asked, Cases
from services.shielding.sealing import Sealing
from services.shielding.storage.cases import SqlCases
from services.shielding.use_cases.approve_shield import ApproveShield
from services.shielding.use_cases.drive_on import DriveOn
from services.shielding.use_cases.propose_shield import ProposeShield
from services.shielding.use_cases.take_step import TakeStep
from tests.fakes.shielding import Crash, FakeLedger
from tests.storage.shielding.conftest import empty
from tests.support.acts import SetClock

AUTHORITY = "E08000001"
HANDLE, NUMBER = b"h" * 64, 1234567894


class Process:
    """A shielding that dies at one step and is started again: nothing of it but its rows lives on."""

    def __init__(self, engine: Engine, ledger: FakeLedger) -> None:
        self.cases: Cases = SqlCases(engine, Sealing(b"r" * 32))
        self.ledger = ledger
        clock = SetClock(datetime(2026, 6, 1, tzinfo=UTC))
        take_step = TakeStep(cases=self.cases, ledger=ledger)
        self.propose = ProposeShield(take_step=take_step, clock=clock, holidays=frozenset())
        self.approve = ApproveShield(cases=self.cases, take_step=take_step, clock=clock, holidays=frozenset())
        self.drive_on = DriveOn(cases=self.cases, ledger=ledger, left_behind_seconds=-1)


def dying(engine: Engine, ledger: FakeLedger, step: str) -> Process:
    """Return a process that dies at a step; "" at none."""
    process = Process(engine, ledger)
    if step == "before begin":
        process.cases.begin = _crash  # type: ignore[method-assign, assignment]
    elif step == "before enter":
        ledger.before_entering = [Crash()]
    elif step == "after enter":
        ledger.after_entering = [Crash()]
    elif step == "no answer":
        ledger.after_entering = [DependencyUnavailable()]
    elif step == "before settle":
        process.cases.settle = _crash  # type: ignore[method-assign, assignment]
    return process


def _crash(*_: object) -> None:
    raise Crash


def asked(person: int, key: int) -> Asked:
    by = Officer(uuid.UUID(int=person), AUTHORITY)
    # The ledger takes the same key of two people for two acts; the fake sees only keys.
    key_id = uuid.UUID(int=1000 * person + key)
    return Asked(by=by, name=uuid.uuid5(by.person, str(key)), idempotency_key=key_id, digest=b"d" * 32, token="t")


STEPS = ("", "before begin", "before enter", "after enter", "no answer", "before settle")


def tried(act: Callable[[], object]) -> None:
    try:
        act()
    except (Crash, ServiceError):
        return


@pytest.mark.parametrize("step", STEPS)
def test_the_next_process_ends_what_one_left(engine: Engine, step: str) -> None:
    ledger = FakeLedger(children={HANDLE: NUMBER})
    proposal = asked(1, 1)
    tried(lambda: dying(engine, ledger, step).propose(proposal, handle=HANDLE, ground=Ground.ADOPTION))
    ledger.before_entering.clear()
    ledger.after_entering.clear()
    Process(engine, ledger).drive_on()
    agrees(engine, ledger)
    assert ledger.closed == ({} if step == "before begin" else {NUMBER: True})


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.integers(1, 3), st.sampled_from(STEPS), st.sampled_from(["act", "again", "sweep"])),
        min_size=1,
        max_size=6,
    )
)
def test_whatever_crashes_the_case_and_the_ledger_come_to_agree(
    engine: Engine, owner: Engine, events: list[tuple[int, str, str]]
) -> None:
    with owner.begin() as connection:
        empty(connection)
    ledger = FakeLedger(children={HANDLE: NUMBER})
    proposal, key = asked(1, 1), 2
    for person, step, what in events:
        # What one process holds in memory the next has not.
        process = dying(engine, ledger, step)
        key += what == "act"
        if what == "sweep":
            tried(process.drive_on)
        elif process.cases.find(proposal.name) is None:
            tried(lambda: process.propose(proposal, handle=HANDLE, ground=Ground.ADOPTION))  # noqa: B023  # called at once
        else:
            tried(lambda: process.approve(asked(person, key), case_id=proposal.name))  # noqa: B023  # called at once
        ledger.before_entering.clear()
        ledger.after_entering.clear()
    Process(engine, ledger).drive_on()
    agrees(engine, ledger)


def agrees(engine: Engine, ledger: FakeLedger) -> None:
    """Nothing is pending; the case says what the ledger did, and it was two persons where it says so."""
    cases = SqlCases(engine, Sealing(b"r" * 32))
    assert cases.left_behind(-1) == []
    found = cases.find(asked(1, 1).name)
    if found is None:
        assert ledger.closed == {}
        return
    case, number = found
    assert ledger.closed == {number: case.state is ShieldState.INTERIM}
    assert (case.state is ShieldState.ACTIVE) == (case.second_officer not in (None, case.opened_by))


def test_an_officer_who_comes_while_one_is_pending_waits(engine: Engine) -> None:
    ledger = FakeLedger(children={HANDLE: NUMBER})
    proposal = asked(1, 1)
    Process(engine, ledger).propose(proposal, handle=HANDLE, ground=Ground.ADOPTION)
    tried(lambda: dying(engine, ledger, "after enter").approve(asked(2, 2), case_id=proposal.name))
    with pytest.raises(BeingChanged):
        Process(engine, ledger).approve(asked(3, 3), case_id=proposal.name)
    Process(engine, ledger).drive_on()
    found = SqlCases(engine, Sealing(b"r" * 32)).find(proposal.name)
    assert found
    assert found[0].second_officer == uuid.UUID(int=2)
