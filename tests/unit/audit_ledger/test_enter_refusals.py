"""Refusals that identity made are entries."""

from __future__ import annotations

from services.audit.ledger.domain.entry import Outcome
from services.audit.ledger.use_cases.enter_refusals import EnterRefusals, Refusals
from tests.fakes.audit_ledger import Ledger, Person
from tests.unit.audit_ledger.conftest import last_entry


def test_a_known_persons_refusal_can_be_found(ledger: Ledger, nurse: Person) -> None:
    refusals = Refusals(
        act="sign_in",
        rule="WRONG_CODE",
        person=nurse.person,
        organisation=nurse.organisation,
        session_tag="",
        count=1,
    )
    receipt = EnterRefusals(writer=ledger.writer)(refusals)
    entry = last_entry(ledger)
    assert (entry.index, entry.draft.outcome, entry.draft.rule) == (receipt.index, Outcome.REFUSED, "WRONG_CODE")
    assert len(entry.subjects) == 2


def test_a_count_is_about_nobody(ledger: Ledger) -> None:
    refusals = Refusals(act="sign_in", rule="UNKNOWN", person="", organisation="", session_tag="", count=40)
    EnterRefusals(writer=ledger.writer)(refusals)
    assert (last_entry(ledger).draft.count, last_entry(ledger).subjects) == (40, ())
