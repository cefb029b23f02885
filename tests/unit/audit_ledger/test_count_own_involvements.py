"""Counting own involvements names no child and leaves no entry; a refusal does."""

from __future__ import annotations

import pytest

from services.audit.ledger.domain.entry import Outcome
from services.runtime.errors import NotAuthenticated, NotPermitted
from tests.fakes.audit_ledger import Ledger, Person
from tests.unit.audit_ledger.conftest import entries_of, last_entry


def test_it_says_what_the_list_says(ledger: Ledger, nurse: Person) -> None:
    nothing = ledger.count_own(nurse)
    assert (nothing.total, nothing.due, nothing.oldest_confirmed_at) == (0, 0, None)
    for _ in range(2):
        ledger.start_own(nurse, ledger.create(nurse).number)
    for cut in (0.0, 48 * 3600.0):
        ledger.clock.move(cut)
        who = ledger.sign_in(nurse.person, nurse.organisation)
        assert ledger.count_own(who) == ledger.list_own(who).counted


def test_it_leaves_no_entry(ledger: Ledger, nurse: Person) -> None:
    before = len(entries_of(ledger))
    ledger.count_own(nurse)
    assert len(entries_of(ledger)) == before


def test_a_refusal_is_entered(ledger: Ledger, nurse: Person) -> None:
    method = "directory:DirectoryService/CountOwnChildren"
    with pytest.raises(NotPermitted):
        ledger.count_own(nurse, call=ledger.call(nurse, method, "CountOwnInvolvements", rol="ROLE_AUDITOR"))
    assert last_entry(ledger).draft.outcome is Outcome.REFUSED
    late = ledger.call(nurse, method, "CountOwnInvolvements")
    ledger.clock.move(11)
    with pytest.raises(NotAuthenticated):
        ledger.count_own(nurse, call=late)
