"""BeginMediation: only for a colleague near by who might look just as well; then each look's token names both."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import sqlalchemy as sa
from contactpoint.identity.v1 import identity_service_pb2 as pb
from sqlalchemy.engine import Engine

from tests.fakes.identity_town import Person, Town, key, refusal

SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"
OWN_LOOKS = "/contactpoint.audit.review.v1.ReviewService/ListOwnLooks"


def begin(town: Town, who: Person, username: str, *, act: str = "") -> Any:
    request = pb.BeginMediationRequest(idempotency_key=act or key(), colleague_username=username, called_back=True)
    return town.call(who, "SessionService", "BeginMediation", request)


def claims(town: Town, who: Person, method: str = SEARCH) -> dict[str, Any]:
    content = town.authorise(who.session, method, channel=who.channel).split(".")[1]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(content + "=" * (-len(content) % 4)))
    return found


def parties(found: dict[str, Any]) -> set[tuple[str, str]]:
    return {(kind, party) for kind, party, _ in found["std"]}


@pytest.fixture
def mediator(town: Town, organisation: str) -> Person:
    return town.new_person(organisation, "ROLE_MEDIATOR")


def test_from_then_on_each_token_names_the_colleague(town: Town, organisation: str, mediator: Person) -> None:
    nurse = town.new_person(organisation)
    assert "ben" not in claims(town, mediator)
    answer = begin(town, mediator, nurse.username.upper())
    assert (answer.colleague_name, answer.organisation_name) == ("Amina Okafor", "St Mary's")
    assert (answer.until.ToDatetime() - town.clock.now().replace(tzinfo=None)).total_seconds() == pytest.approx(900)
    found = claims(town, mediator)
    assert found["ben"] == nurse.id
    assert {("person", nurse.id), ("person", mediator.id), ("organisation", organisation)} <= parties(found)
    assert "ben" not in claims(town, mediator, OWN_LOOKS), "what is one's own is done for nobody else"
    assert town.ledger.mediations[found["sid"]] == nurse.id
    # Another session of the same mediator looks for nobody.
    town.sign_in(mediator)
    assert "ben" not in claims(town, mediator)


def test_a_colleague_of_the_same_area_is_served_and_stands_with_the_own_organisation(
    town: Town, mediator: Person
) -> None:
    near = town.add_organisation("Near")
    nurse = town.new_person(near)
    assert begin(town, mediator, nurse.username).organisation_name == "Near"
    assert ("organisation", near) in parties(claims(town, mediator))


def test_whatever_stands_against_it_looks_alike(town: Town, organisation: str, mediator: Person) -> None:
    far = town.new_person(town.add_organisation("Far", authority="E08000099"))
    idle = town.add_person(organisation)
    auditor = town.new_person(organisation, "ROLE_AUDITOR")
    other_mediator = town.new_person(organisation, "ROLE_MEDIATOR")
    lapsed = town.new_person(organisation)
    town.record(lapsed, is_barred_list_clear=False)
    before = len(town.ledger.refusals)
    names = [who.username for who in (far, idle, auditor, other_mediator, lapsed, mediator)]
    told = [refusal(lambda n=name: begin(town, mediator, n)) for name in (*names, "nobody.at.all")]
    assert {(error.reason, error.sentence) for error in told} == {("COLLEAGUE_REFUSED", told[0].sentence)}
    # Whoever tries one name after another stands in the log.
    assert [one.rule for one in town.ledger.refusals[before:]] == ["COLLEAGUE_REFUSED"] * 7
    assert "ben" not in claims(town, mediator)


@pytest.mark.parametrize("role", ["ROLE_DATA_MANAGER", "ROLE_SHIELD_OFFICER"])
def test_nobody_is_served_who_looks_in_the_own_area_alone(
    town: Town, organisation: str, mediator: Person, role: str
) -> None:
    """A mediator's look knows no area: it would open for them what they may not open themselves."""
    officer = town.new_person(organisation, role)
    assert refusal(lambda: begin(town, mediator, officer.username)).reason == "COLLEAGUE_REFUSED"


def test_a_name_that_nobody_has_costs_the_same_statements(town: Town, organisation: str, mediator: Person) -> None:
    far = town.new_person(town.add_organisation("Far", authority="E08000099"))
    counted = []
    for name in (far.username, "nobody.at.all"):
        said: list[str] = []

        def note(_: Any, __: Any, statement: str, *___: Any, to: list[str] = said) -> None:
            # Of those that look a party up: the rest is written by others at their own times.
            to.extend([statement] if " standing " in statement else [])

        sa.event.listen(Engine, "before_cursor_execute", note)
        try:
            assert refusal(lambda n=name: begin(town, mediator, n)).reason == "COLLEAGUE_REFUSED"
        finally:
            sa.event.remove(Engine, "before_cursor_execute", note)
        counted.append(said)
    assert counted[0] == counted[1]
    assert len(counted[0]) > 1


def test_it_ends_after_a_quarter_of_an_hour(town: Town, organisation: str, mediator: Person) -> None:
    nurse = town.new_person(organisation)
    begin(town, mediator, nurse.username)
    town.clock.move(600)
    claims(town, mediator)
    town.clock.move(299)
    assert claims(town, mediator)["ben"] == nurse.id
    town.clock.move(2)
    assert "ben" not in claims(town, mediator)


def test_what_lapses_for_the_colleague_ends_it_on_the_next_call(
    town: Town, organisation: str, mediator: Person
) -> None:
    for lapse in ("suspended", "untrained"):
        nurse = town.new_person(organisation)
        begin(town, mediator, nurse.username)
        assert claims(town, mediator)["ben"] == nurse.id
        if lapse == "suspended":
            town.administer("SuspendPerson", pb.SuspendPersonRequest(idempotency_key=key(), person_id=nurse.id))
        else:
            town.record(nurse, training_valid_until=town.stamp(days=-1))
        assert "ben" not in claims(town, mediator)


def test_a_retry_is_the_same_act(town: Town, organisation: str, mediator: Person) -> None:
    nurse, act = town.new_person(organisation), key()
    first = begin(town, mediator, nurse.username, act=act)
    town.clock.move(5)
    assert begin(town, mediator, nurse.username, act=act) == first
    other = town.new_person(organisation)
    assert refusal(lambda: begin(town, mediator, other.username, act=act)).reason == "IDEMPOTENCY_KEY_REUSED"


def test_the_mediator_must_say_that_the_colleague_was_called_back(town: Town, mediator: Person) -> None:
    request = pb.BeginMediationRequest(idempotency_key=key(), colleague_username="a.nurse")
    called = lambda: town.call(mediator, "SessionService", "BeginMediation", request)  # noqa: E731
    assert refusal(called).reason == "INVALID_REQUEST"


def test_nobody_else_mediates_and_a_mediator_is_nothing_else(town: Town, organisation: str) -> None:
    nurse, other = town.new_person(organisation), town.new_person(organisation)
    assert refusal(lambda: begin(town, nurse, other.username)).reason == "NOT_PERMITTED"
    assert refusal(lambda: town.grant(nurse, "ROLE_MEDIATOR")).reason == "ROLES_CONFLICT"


@pytest.mark.parametrize("column", ["beneficiary_id", "organisation_id", "until", "seal"])
def test_whoever_writes_the_row_names_nobody_else(town: Town, organisation: str, mediator: Person, column: str) -> None:
    nurse, other = town.new_person(organisation), town.new_person(organisation)
    elsewhere = town.add_organisation("Elsewhere")
    begin(town, mediator, nurse.username)
    tag = claims(town, mediator)["sid"]
    written = {
        "beneficiary_id": f"'{other.id}'",
        "organisation_id": f"'{elsewhere}'",
        "until": "until + interval '1 day'",
        "seal": "'\\x00'",
    }[column]
    town.sql(f"UPDATE mediation SET {column} = {written} WHERE session_tag = :tag", tag=tag)  # names of this file
    assert "ben" not in claims(town, mediator)
