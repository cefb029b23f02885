"""Officers read what waits in their own authority, and that they read is written down first."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from services.runtime.errors import DependencyUnavailable
from services.shielding.domain import REVIEW_DAYS, ShieldState
from services.shielding.ports import Receipt
from tests.fakes.shielding import again
from tests.unit.shielding.conftest import ELSEWHERE, FIRST, GROUND, HANDLE, NURSE, SECOND, Shielding, asked


def opened(shielding: Shielding, how_many: int) -> list[uuid.UUID]:
    names = []
    for _ in range(how_many):
        request = asked(NURSE)
        shielding.request(request, handle=HANDLE, ground=GROUND)
        names.append(request.name)
        shielding.clock.move(1)
    return names


def test_the_oldest_come_first_page_by_page(shielding: Shielding) -> None:
    names = opened(shielding, 5)
    page, _ = shielding.list(asked(FIRST), after=None, limit=2)
    last = page[-1]
    rest, _ = shielding.list(asked(FIRST), after=(last.opened_at.isoformat(), last.case_id), limit=10)
    assert [case.case_id for case in (*page, *rest)] == names


def test_another_authority_sees_none(shielding: Shielding) -> None:
    opened(shielding, 2)
    page, _ = shielding.list(asked(ELSEWHERE), after=None, limit=50)
    assert page == []


def test_what_is_active_waits_for_nobody_until_its_review_is_due_and_stays_hidden(shielding: Shielding) -> None:
    (name,) = opened(shielding, 1)
    for officer in (FIRST, SECOND):
        shielding.approve(asked(officer), case_id=name)
    assert shielding.list(asked(FIRST), after=None, limit=50)[0] == []
    shielding.clock.move(timedelta(days=REVIEW_DAYS, seconds=1).total_seconds())
    shielding.drive_on()
    (case,) = shielding.list(asked(FIRST), after=None, limit=50)[0]
    assert case.state is ShieldState.ACTIVE
    assert list(shielding.ledger.closed.values()) == [False]


def test_without_an_entry_nothing_is_shown(shielding: Shielding) -> None:
    opened(shielding, 1)

    def silent(_: uuid.UUID) -> Receipt:
        raise DependencyUnavailable

    shielding.ledger.note = silent  # type: ignore[method-assign, assignment]
    with pytest.raises(DependencyUnavailable):
        shielding.list(asked(FIRST), after=None, limit=50)


def test_the_same_reading_again_is_the_same_entry_for_a_day(shielding: Shielding) -> None:
    reading = asked(FIRST)
    _, receipt = shielding.list(reading, after=None, limit=50)
    assert shielding.list(again(reading), after=None, limit=50)[1] == receipt
    assert shielding.ledger.notes == 1
    shielding.clock.move(25 * 3600)
    shielding.drive_on()
    shielding.list(again(reading), after=None, limit=50)
    assert shielding.ledger.notes == 2
