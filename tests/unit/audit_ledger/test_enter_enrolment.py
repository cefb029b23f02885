"""An enrolment: a change of standing without a session, the same in a retry."""

from __future__ import annotations

import dataclasses
import uuid

import pytest

from services.audit.ledger.use_cases.enter_enrolment import Enrolment, EnterEnrolment
from services.runtime.errors import BeingChanged, KeyReused
from tests.fakes.audit_ledger import Ledger, Person


def an_enrolment(ledger: Ledger, nurse: Person) -> Enrolment:
    return Enrolment(
        idempotency_key=str(uuid.uuid4()),
        person=nurse.person,
        organisation=nurse.organisation,
        previous_digest=ledger.standings[("person", nurse.person)],
        digest=b"e" * 32,
    )


def test_it_is_the_newest_standing_and_happens_once(ledger: Ledger, nurse: Person) -> None:
    enter, enrolment = EnterEnrolment(writer=ledger.writer), an_enrolment(ledger, nurse)
    receipt = enter(enrolment)
    assert enter(enrolment) == receipt
    ledger.standings[("person", nurse.person)] = b"e" * 32
    assert ledger.search(nurse).receipt.index > receipt.index
    with pytest.raises(KeyReused):
        enter(dataclasses.replace(enrolment, digest=b"f" * 32))


def test_an_older_standing_is_not_continued(ledger: Ledger, nurse: Person) -> None:
    enrolment = dataclasses.replace(an_enrolment(ledger, nurse), previous_digest=b"0" * 32)
    with pytest.raises(BeingChanged):
        EnterEnrolment(writer=ledger.writer)(enrolment)
