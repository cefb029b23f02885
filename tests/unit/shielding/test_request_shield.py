"""A request hides nothing, and waits for an officer."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.runtime.errors import KeyReused, NotFound
from services.shielding.domain import ShieldState
from tests.fakes.shielding import again
from tests.unit.shielding.conftest import AUTHORITY, GROUND, HANDLE, NUMBER, NURSE, Shielding, asked


def test_it_opens_a_case_and_closes_nothing(shielding: Shielding) -> None:
    request = asked(NURSE)
    receipt = shielding.request(request, handle=HANDLE, ground=GROUND)
    assert receipt.index == 42
    case, number = shielding.cases.cases[request.name]
    assert (case.state, case.ground, case.opened_by, case.authority) == (
        ShieldState.REQUESTED,
        GROUND,
        NURSE.person,
        AUTHORITY,
    )
    assert (case.first_officer, case.second_officer, number) == (None, None, NUMBER)
    assert shielding.ledger.closed == {}
    assert shielding.cases.pending == {}


def test_it_is_due_in_five_working_days_that_skip_christmas(shielding: Shielding) -> None:
    request = asked(NURSE)
    shielding.request(request, handle=HANDLE, ground=GROUND)
    # From Wednesday the 23rd: 24, 29, 30, 31 December and Monday 4 January.
    assert shielding.cases.cases[request.name][0].due_at == datetime(2027, 1, 5, tzinfo=UTC)


def test_the_same_act_again_is_the_same_case_and_receipt(shielding: Shielding) -> None:
    request = asked(NURSE, key=7)
    first = shielding.request(request, handle=HANDLE, ground=GROUND)
    assert shielding.request(again(request), handle=HANDLE, ground=GROUND) == first
    assert len(shielding.cases.cases) == len(shielding.ledger.entered) == 1


def test_the_same_key_with_other_bytes_is_refused(shielding: Shielding) -> None:
    shielding.request(asked(NURSE, key=7), handle=HANDLE, ground=GROUND)
    with pytest.raises(KeyReused):
        shielding.request(asked(NURSE, key=7, bytes_=b"other"), handle=HANDLE, ground=GROUND)


def test_a_handle_of_no_child_leaves_nothing(shielding: Shielding) -> None:
    with pytest.raises(NotFound):
        shielding.request(asked(NURSE), handle=b"x" * 64, ground=GROUND)
    assert (shielding.cases.cases, shielding.cases.pending) == ({}, {})


def test_a_second_request_for_the_child_is_a_case_of_its_own(shielding: Shielding) -> None:
    shielding.request(asked(NURSE), handle=HANDLE, ground=GROUND)
    shielding.request(asked(NURSE), handle=HANDLE, ground=GROUND)
    assert len(shielding.cases.cases) == 2
