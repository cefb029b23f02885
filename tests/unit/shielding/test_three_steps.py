"""A crash between any two steps leaves something that is driven on, and nothing closed that is on no list."""

from __future__ import annotations

import uuid

import pytest

from services.runtime.errors import (
    Busy,
    DeadlineTooShort,
    DependencyUnavailable,
    KeyReused,
    LedgerBehind,
    LedgerGapOpen,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    ServiceError,
)
from services.shielding.domain import ShieldState
from services.shielding.errors import ActGivenUp
from services.shielding.ports import Entered, Pending
from tests.fakes.shielding import Crash, again, lose_answer, refusing
from tests.unit.shielding.conftest import FIRST, GROUND, HANDLE, NUMBER, NURSE, Shielding, asked


def swept(shielding: Shielding) -> None:
    shielding.clock.move(11)
    shielding.drive_on()


def crashed_before_the_ledger(shielding: Shielding) -> None:
    shielding.ledger.before_entering = lose_answer()


def crashed_after_the_ledger(shielding: Shielding) -> None:
    shielding.ledger.after_entering = lose_answer()


def crashed_before_settling(shielding: Shielding) -> None:
    settle = shielding.cases.settle

    def crash(_: Pending, __: Entered) -> None:
        shielding.cases.settle = settle  # type: ignore[method-assign]
        raise Crash

    shielding.cases.settle = crash  # type: ignore[method-assign, assignment]


CRASHES = pytest.mark.parametrize(
    "crash", [crashed_before_the_ledger, crashed_after_the_ledger, crashed_before_settling]
)


@CRASHES
def test_the_sweeper_ends_what_a_crash_stopped(shielding: Shielding, crash: object) -> None:
    crash(shielding)  # type: ignore[operator]
    request = asked(NURSE)
    with pytest.raises(Crash):
        shielding.impose(request, handle=HANDLE, ground=GROUND)
    shielding.drive_on()
    assert shielding.cases.cases == {}, "too early: it may still be on its way"
    swept(shielding)
    assert shielding.cases.cases[request.name][0].state is ShieldState.INTERIM
    assert (shielding.ledger.closed, shielding.cases.pending) == ({NUMBER: True}, {})
    receipt = shielding.impose(again(request), handle=HANDLE, ground=GROUND)
    assert len(shielding.ledger.entered) == 1
    assert receipt.index == 42


@CRASHES
def test_a_second_press_ends_it_too(shielding: Shielding, crash: object) -> None:
    crash(shielding)  # type: ignore[operator]
    request = asked(NURSE)
    with pytest.raises(Crash):
        shielding.impose(request, handle=HANDLE, ground=GROUND)
    shielding.impose(again(request), handle=HANDLE, ground=GROUND)
    assert (len(shielding.cases.cases), len(shielding.ledger.entered), shielding.cases.pending) == (1, 1, {})
    swept(shielding)
    assert (len(shielding.cases.cases), len(shielding.ledger.entered)) == (1, 1)


def test_what_was_never_entered_and_comes_too_late_is_dropped(shielding: Shielding) -> None:
    crashed_before_the_ledger(shielding)
    shielding.ledger.is_late = True
    request = asked(NURSE)
    with pytest.raises(Crash):
        shielding.impose(request, handle=HANDLE, ground=GROUND)
    swept(shielding)
    assert (shielding.cases.cases, shielding.cases.pending, shielding.ledger.closed) == ({}, {}, {})
    with pytest.raises(ActGivenUp):
        shielding.impose(again(request), handle=HANDLE, ground=GROUND)
    assert shielding.cases.pending == {}


@pytest.mark.parametrize(
    "unsure", [DependencyUnavailable(), LedgerBehind(), LedgerGapOpen(), Busy(), DeadlineTooShort()]
)
def test_a_maybe_is_kept_until_it_is_known(shielding: Shielding, unsure: ServiceError) -> None:
    shielding.ledger.after_entering = refusing(unsure)
    with pytest.raises(type(unsure)):
        shielding.impose(asked(NURSE), handle=HANDLE, ground=GROUND)
    shielding.ledger.before_entering = refusing(unsure)
    swept(shielding)
    assert len(shielding.cases.pending) == 1
    swept(shielding)
    assert (len(shielding.cases.cases), shielding.cases.pending) == (1, {})


def test_a_no_to_a_second_press_does_not_forget_the_first(shielding: Shielding) -> None:
    """Entered, then crashed; meanwhile the person was suspended: the child is closed, so an officer must hear of it."""
    crashed_after_the_ledger(shielding)
    request = asked(NURSE)
    with pytest.raises(Crash):
        shielding.impose(request, handle=HANDLE, ground=GROUND)
    shielding.ledger.before_entering = refusing(NotPermitted())
    with pytest.raises(NotPermitted):
        shielding.impose(again(request), handle=HANDLE, ground=GROUND)
    swept(shielding)
    assert shielding.cases.cases[request.name][0].state is ShieldState.INTERIM


def test_another_request_under_its_key_does_not_take_its_place(shielding: Shielding) -> None:
    crashed_after_the_ledger(shielding)
    with pytest.raises(Crash):
        shielding.impose(asked(NURSE, key=5), handle=HANDLE, ground=GROUND)
    with pytest.raises(KeyReused):
        shielding.impose(asked(NURSE, key=5, bytes_=b"other"), handle=HANDLE, ground=GROUND)
    swept(shielding)
    assert len(shielding.cases.cases) == 1


def test_the_sweeper_takes_a_plain_no_for_an_end_and_an_unknown_key_for_none(shielding: Shielding) -> None:
    crashed_before_the_ledger(shielding)
    with pytest.raises(Crash):
        shielding.impose(asked(NURSE), handle=HANDLE, ground=GROUND)
    shielding.ledger.before_entering = refusing(NotAuthenticated())
    swept(shielding)
    assert len(shielding.cases.pending) == 1
    shielding.ledger.before_entering = refusing(NotFound())
    swept(shielding)
    assert (shielding.cases.pending, shielding.cases.cases) == ({}, {})


def test_one_that_cannot_be_ended_does_not_hold_up_the_others(shielding: Shielding) -> None:
    for _ in range(2):
        crashed_after_the_ledger(shielding)
        with pytest.raises(Crash):
            shielding.impose(asked(NURSE), handle=HANDLE, ground=GROUND)
        shielding.clock.move(1)
    shielding.ledger.before_entering = refusing(DependencyUnavailable())
    swept(shielding)
    assert (len(shielding.cases.pending), len(shielding.cases.cases)) == (1, 1)


def test_an_approval_is_driven_on_by_its_number(shielding: Shielding) -> None:
    request = asked(NURSE)
    shielding.request(request, handle=HANDLE, ground=GROUND)
    crashed_after_the_ledger(shielding)
    with pytest.raises(Crash):
        shielding.approve(asked(FIRST), case_id=request.name)
    swept(shielding)
    case, number = shielding.cases.cases[request.name]
    assert (case.state, case.first_officer, number) == (ShieldState.INTERIM, FIRST.person, NUMBER)


def test_a_token_is_in_no_text_about_a_step(shielding: Shielding) -> None:
    crashed_before_the_ledger(shielding)
    request = asked(NURSE)
    with pytest.raises(Crash):
        shielding.impose(request, handle=HANDLE, ground=GROUND)
    (pending,) = shielding.cases.pending.values()
    assert "token" not in repr(request).replace("token=", "")
    assert "'token'" not in repr(pending)
    assert uuid.UUID(int=0) != pending.name
