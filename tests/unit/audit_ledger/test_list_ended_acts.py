"""What entries say of acts that wrote statements: nothing of shields, of what was given up, or of a second settling."""

from __future__ import annotations

import pytest

from services.audit.ledger.use_cases import list_ended_acts
from services.audit.ledger.use_cases.list_ended_acts import EndedAct, ListEndedActs
from tests.fakes.audit_ledger import Ledger, Person


def test_acts_that_ended_done_are_listed_once_with_their_entries(ledger: Ledger, nurse: Person) -> None:
    listing = ListEndedActs(writer=ledger.writer, log=ledger.log)
    start = listing(0).size
    first = ledger.create(nurse, settle=False)
    given_up = ledger.create(nurse, settle=False)
    settled = ledger.settle(first.act_id)
    ledger.settle(given_up.act_id, is_done=False)
    ledger.settle(first.act_id)
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    ledger.close(police, number=first.number)
    found = listing(start)
    assert found.acts == (EndedAct(first.act_id, settled.receipt.index),)
    assert found.next_index == found.size


def test_the_log_is_walked_in_pages_and_has_an_end(
    ledger: Ledger, nurse: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_ended_acts, "MOST", 2)
    listing, made = ListEndedActs(writer=ledger.writer, log=ledger.log), [ledger.create(nurse) for _ in range(3)]
    at, seen, pages = 0, [], 0
    while (page := listing(at)).next_index > at:
        at, pages = page.next_index, pages + 1
        seen += [one.act_id for one in page.acts]
    assert seen == [one.act_id for one in made]
    assert at == page.size
    assert pages > 3
    assert listing(at + 1000).acts == ()
