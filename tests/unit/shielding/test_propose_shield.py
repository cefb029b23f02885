"""An officer hides a child at once, and a second one decides."""

from __future__ import annotations

import pytest

from services.runtime.errors import DependencyUnavailable, NotFound, NotPermitted, StandingChanged
from services.shielding.domain import ShieldState
from services.shielding.errors import SecondOfficerNeeded
from tests.fakes.shielding import refusing
from tests.unit.shielding.conftest import FIRST, GROUND, HANDLE, NUMBER, Shielding, asked


def test_the_child_is_closed_when_the_call_returns(shielding: Shielding) -> None:
    request = asked(FIRST)
    shielding.propose(request, handle=HANDLE, ground=GROUND)
    assert shielding.ledger.closed == {NUMBER: True}
    case, number = shielding.cases.cases[request.name]
    assert (case.state, case.opened_by, number) == (ShieldState.INTERIM, FIRST.person, NUMBER)


def test_whoever_hid_it_is_not_the_second(shielding: Shielding) -> None:
    request = asked(FIRST)
    shielding.propose(request, handle=HANDLE, ground=GROUND)
    with pytest.raises(SecondOfficerNeeded):
        shielding.approve(asked(FIRST), case_id=request.name)


def test_a_handle_of_no_child_leaves_nothing(shielding: Shielding) -> None:
    with pytest.raises(NotFound):
        shielding.propose(asked(FIRST), handle=b"x" * 64, ground=GROUND)
    assert (shielding.cases.cases, shielding.cases.pending) == ({}, {})


@pytest.mark.parametrize("refusal", [NotPermitted(), StandingChanged()])
def test_a_plain_no_leaves_nothing_to_drive_on(shielding: Shielding, refusal: NotPermitted | StandingChanged) -> None:
    shielding.ledger.before_entering = refusing(refusal)
    with pytest.raises(type(refusal)):
        shielding.propose(asked(FIRST), handle=HANDLE, ground=GROUND)
    assert shielding.cases.pending == {}
    shielding.clock.move(11)
    shielding.drive_on()
    assert shielding.ledger.closed == {}


def test_without_the_ledger_nothing_is_promised_and_it_is_driven_on(shielding: Shielding) -> None:
    shielding.ledger.before_entering = refusing(DependencyUnavailable())
    request = asked(FIRST)
    with pytest.raises(DependencyUnavailable):
        shielding.propose(request, handle=HANDLE, ground=GROUND)
    assert shielding.cases.cases == {}
    shielding.clock.move(11)
    shielding.drive_on()
    assert shielding.ledger.closed == {NUMBER: True}
    assert shielding.cases.cases[request.name][0].state is ShieldState.INTERIM
