"""A sign-in: live from its entry on, decided from the newest standing, never any younger."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import timedelta

import pytest

from services.audit.ledger.use_cases.enter_session import EnterSession, SignedIn, SignIn
from services.runtime.errors import NotPermitted, StandingChanged
from tests.fakes.audit_ledger import Ledger, Person
from tests.unit.audit_ledger.conftest import last_entry


def sign_in(ledger: Ledger, who: Person, **changed: object) -> SignedIn:
    said = SignIn(
        session_tag=str(uuid.uuid4()),
        person=who.person,
        organisation=who.organisation,
        amr=("pwd", "otp"),
        channel="c" * 64,
        person_digest=ledger.standings[("person", who.person)],
        organisation_digest=ledger.standings[("organisation", who.organisation)],
    )
    changed_sign_in = dataclasses.replace(said, **changed)  # type: ignore[arg-type]  # as named
    return EnterSession(writer=ledger.writer, limits=ledger.limits)(changed_sign_in)


def test_it_lives_for_twelve_hours_at_most_however_often_it_is_entered(ledger: Ledger, nurse: Person) -> None:
    tag = str(uuid.uuid4())
    first = sign_in(ledger, nurse, session_tag=tag)
    assert first.expires_at == ledger.clock.now() + timedelta(hours=12)
    ledger.clock.move(60)
    assert sign_in(ledger, nurse, session_tag=tag).expires_at == first.expires_at


@pytest.mark.promise("I8")
@pytest.mark.parametrize("digest", ["person_digest", "organisation_digest"])
def test_an_older_standing_signs_nobody_in(ledger: Ledger, nurse: Person, digest: str) -> None:
    with pytest.raises(StandingChanged):
        sign_in(ledger, nurse, **{digest: b"0" * 32})
    assert last_entry(ledger).draft.rule == "STANDING_CHANGED"


def test_a_tag_is_one_persons(ledger: Ledger, nurse: Person) -> None:
    with pytest.raises(NotPermitted):
        sign_in(ledger, ledger.somebody(), session_tag=nurse.session)
