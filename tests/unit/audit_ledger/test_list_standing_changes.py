"""What entries say of standings: each change once, with what stood before it, and nothing of what was refused."""

from __future__ import annotations

import uuid

import pytest

from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.use_cases import list_standing_changes
from services.audit.ledger.use_cases.enter_enrolment import Enrolment, EnterEnrolment
from services.audit.ledger.use_cases.list_standing_changes import ListStandingChanges
from services.runtime.errors import BeingChanged
from tests.fakes.audit_ledger import Ledger

ORGANISATION = str(uuid.UUID(int=1))


def change(ledger: Ledger, person: str, previous: bytes, digest: bytes) -> None:
    effect = ChangeStanding(
        party_kind="person",
        party_id=person,
        previous_digest=previous,
        digest=digest,
        change="ROLE_GRANTED",
        ends_sessions=False,
    )
    ledger.enter(ledger.founder(), effect, method="identity:AdministrationService/GrantRole")


def test_each_change_says_what_stood_before_it(ledger: Ledger) -> None:
    listing, person = ListStandingChanges(writer=ledger.writer, log=ledger.log), str(uuid.uuid4())
    start = listing(0).size
    change(ledger, person, b"", b"1" * 32)
    with pytest.raises(BeingChanged):
        change(ledger, person, b"x" * 32, b"y" * 32)
    enrolment = Enrolment(
        idempotency_key=str(uuid.uuid4()),
        person=person,
        organisation=ORGANISATION,
        previous_digest=b"1" * 32,
        digest=b"2" * 32,
    )
    EnterEnrolment(writer=ledger.writer)(enrolment)
    change(ledger, person, b"2" * 32, b"3" * 32)
    said = listing(start).changes
    assert [(one.effect.replaced_digest[:1], one.effect.digest[:1]) for one in said] == [
        (b"", b"1"),
        (b"1", b"2"),
        (b"2", b"3"),
    ]
    assert [one.effect.change for one in said] == ["ROLE_GRANTED", "ENROLLED", "ROLE_GRANTED"]
    assert len({one.act_id for one in said}) == 3
    assert all(len(one.act_id) == 32 and not one.effect.lost_digest for one in said)


def test_the_log_is_walked_in_pages_and_has_an_end(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_standing_changes, "MOST", 2)
    listing, at, seen = ListStandingChanges(writer=ledger.writer, log=ledger.log), 0, 0
    while (page := listing(at)).next_index > at:
        at, seen = page.next_index, seen + len(page.changes)
    monkeypatch.setattr(list_standing_changes, "MOST", 2048)
    assert (at, seen) == (page.size, len(listing(0).changes))
    assert listing(at + 1000).changes == ()
