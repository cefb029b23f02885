"""Settling: the first word holds, and every answer has a new receipt."""

from __future__ import annotations

import pytest

from services.audit.ledger.domain.act import ActState
from services.audit.ledger.domain.entry import ActSettled
from services.audit.ledger.errors import NoSuchAct
from tests.fakes.audit_ledger import Ledger, Person
from tests.unit.audit_ledger.conftest import last_entry


@pytest.mark.parametrize("first, state", [(True, ActState.DONE), (False, ActState.NOT_DONE)])
def test_the_first_word_holds(ledger: Ledger, nurse: Person, *, first: bool, state: ActState) -> None:
    entered = ledger.create(nurse, settle=False)
    settled = ledger.settle(entered.act_id, is_done=first)
    assert settled.state is state
    assert last_entry(ledger).draft.effect == ActSettled(entered.act_id, first)
    again = ledger.settle(entered.act_id, is_done=not first)
    assert again.state is state
    assert again.receipt.index > settled.receipt.index
    assert last_entry(ledger).draft.rule == "SETTLED_BEFORE"


def test_an_act_that_never_was_is_not_settled(ledger: Ledger) -> None:
    with pytest.raises(NoSuchAct):
        ledger.settle(b"n" * 32)


def test_nobody_settles_what_the_ledger_settles_itself(ledger: Ledger, nurse: Person) -> None:
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    closed = ledger.close(police, number=ledger.create(nurse).number)
    with pytest.raises(NoSuchAct):
        ledger.settle(closed.act_id, is_done=False)
    assert ledger.look(nurse, number=closed.number).number == 0
