"""A request becomes interim by a first officer and active by a second; nobody approves what is their own."""

from __future__ import annotations

import uuid

import pytest

from services.runtime.errors import BeingChanged, NotFound
from services.shielding.domain import ShieldState
from services.shielding.errors import SecondOfficerNeeded, ShieldStands
from tests.fakes.shielding import again
from tests.unit.shielding.conftest import (
    ELSEWHERE,
    FIRST,
    GROUND,
    HANDLE,
    NUMBER,
    NURSE,
    SECOND,
    Shielding,
    asked,
)


@pytest.fixture
def requested(shielding: Shielding) -> uuid.UUID:
    request = asked(NURSE)
    shielding.request(request, handle=HANDLE, ground=GROUND)
    return request.name


def test_two_officers_make_a_request_active(shielding: Shielding, requested: uuid.UUID) -> None:
    shielding.approve(asked(FIRST), case_id=requested)
    case, _ = shielding.cases.cases[requested]
    assert (case.state, case.first_officer, case.second_officer) == (ShieldState.INTERIM, FIRST.person, None)
    assert shielding.ledger.closed == {NUMBER: True}
    shielding.approve(asked(SECOND), case_id=requested)
    case, number = shielding.cases.cases[requested]
    assert (case.state, case.first_officer, case.second_officer) == (ShieldState.ACTIVE, FIRST.person, SECOND.person)
    assert (number, shielding.ledger.closed) == (NUMBER, {NUMBER: False})


@pytest.mark.parametrize("open_by", ["impose", "propose"])
def test_one_officer_makes_active_what_somebody_else_hid(shielding: Shielding, open_by: str) -> None:
    request = asked(NURSE)
    getattr(shielding, open_by)(request, handle=HANDLE, ground=GROUND)
    shielding.approve(asked(SECOND), case_id=request.name)
    case, _ = shielding.cases.cases[request.name]
    assert (case.state, case.second_officer) == (ShieldState.ACTIVE, SECOND.person)
    assert shielding.ledger.closed == {NUMBER: False}


def test_whoever_asked_for_it_never_approves(shielding: Shielding, requested: uuid.UUID) -> None:
    for officer in (None, FIRST):
        if officer:
            shielding.approve(asked(officer), case_id=requested)
        with pytest.raises(SecondOfficerNeeded):
            shielding.approve(asked(NURSE), case_id=requested)


def test_the_first_officer_is_not_the_second(shielding: Shielding, requested: uuid.UUID) -> None:
    shielding.approve(asked(FIRST), case_id=requested)
    with pytest.raises(SecondOfficerNeeded):
        shielding.approve(asked(FIRST), case_id=requested)
    assert shielding.ledger.closed == {NUMBER: True}


def test_but_may_say_again_what_was_said(shielding: Shielding, requested: uuid.UUID) -> None:
    first, second = asked(FIRST), asked(SECOND)
    receipt = shielding.approve(first, case_id=requested)
    assert shielding.approve(again(first), case_id=requested) == receipt
    shielding.approve(second, case_id=requested)
    assert shielding.approve(again(first), case_id=requested) == receipt
    assert shielding.cases.cases[requested][0].state is ShieldState.ACTIVE


def test_what_two_have_approved_needs_no_third(shielding: Shielding, requested: uuid.UUID) -> None:
    for officer in (FIRST, SECOND):
        shielding.approve(asked(officer), case_id=requested)
    for officer in (FIRST, SECOND, NURSE):
        with pytest.raises(ShieldStands):
            shielding.approve(asked(officer), case_id=requested)


def test_a_case_of_another_authority_looks_like_none(shielding: Shielding, requested: uuid.UUID) -> None:
    for case_id in (requested, uuid.uuid4()):
        with pytest.raises(NotFound):
            shielding.approve(asked(ELSEWHERE), case_id=case_id)
    assert shielding.ledger.closed == {}


def test_another_act_on_the_way_makes_it_wait(shielding: Shielding, requested: uuid.UUID) -> None:
    case = shielding.cases.cases[requested][0]
    shielding.approve(asked(FIRST), case_id=requested)
    # The second officer had read the case before the first one's act was settled.
    settled = shielding.cases.cases[requested]
    shielding.cases.find = lambda _: (case, NUMBER)  # type: ignore[method-assign, assignment]
    with pytest.raises(BeingChanged):
        shielding.approve(asked(SECOND), case_id=requested)
    assert shielding.cases.cases[requested] == settled
