"""Counting what waits says what the list says, and is no reading of it."""

from datetime import timedelta

from services.shielding.ports import Waiting
from tests.unit.shielding.conftest import ELSEWHERE, FIRST, SECOND, Shielding, asked
from tests.unit.shielding.test_list_shield_cases import opened


def test_it_counts_what_waits_in_the_own_authority(shielding: Shielding) -> None:
    names = opened(shielding, 3)
    for officer in (FIRST, SECOND):
        shielding.approve(asked(officer), case_id=names[0])
    cases, _ = shielding.list(asked(FIRST), after=None, limit=50)
    notes = shielding.ledger.notes
    found = shielding.count(FIRST.authority)
    assert (found.cases, found.overdue) == (2, 0)
    assert found.oldest_opened_at == cases[0].opened_at
    assert found.next_due_at == min(case.due_at for case in cases)
    assert shielding.ledger.notes == notes
    assert shielding.count(ELSEWHERE.authority) == Waiting(cases=0, overdue=0, oldest_opened_at=None, next_due_at=None)


def test_what_is_past_its_time_is_overdue(shielding: Shielding) -> None:
    opened(shielding, 2)
    shielding.clock.move(timedelta(days=60).total_seconds())
    found = shielding.count(FIRST.authority)
    assert (found.cases, found.overdue, found.next_due_at) == (2, 2, None)
