"""NamePeople: auditors and shield officers are told who did it, as far as they may know; the others are left out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Person, Town, refusal


def named(town: Town, who: Person, people: Sequence[str], organisations: Sequence[str] = ()) -> pb.NamePeopleResponse:
    request = pb.NamePeopleRequest(person_ids=people, organisation_ids=organisations)
    answer = town.call(who, "PeopleService", "NamePeople", request)
    assert isinstance(answer, pb.NamePeopleResponse)
    return answer


@pytest.mark.parametrize(
    "role, sees",
    [
        ("ROLE_AUDITOR", ("own",)),
        ("ROLE_CENTRAL_AUDITOR", ("own", "near", "far")),
        ("ROLE_SHIELD_OFFICER", ("own", "near")),
    ],
)
def test_each_sees_as_far_as_the_role_reaches(town: Town, role: str, sees: tuple[str, ...]) -> None:
    own, near = (
        town.add_organisation("Own", authority="E08000001"),
        town.add_organisation("Near", authority="E08000001"),
    )
    far = town.add_organisation("Far", authority="E08000002")
    people = {"own": town.add_person(own).id, "near": town.add_person(near).id, "far": town.add_person(far).id}
    who = town.new_person(own, role)
    answer = named(town, who, [*people.values(), str(uuid.uuid4()), people["own"]], [far, str(uuid.uuid4())])
    assert [one.person_id for one in answer.people] == [people[place] for place in sees]
    assert {one.name for one in answer.people} == {"Amina Okafor"}
    assert [one.organisation_name for one in answer.people] == [place.title() for place in sees]
    assert [(one.organisation_id, one.name) for one in answer.organisations] == [(far, "Far")]


@pytest.mark.parametrize("role", ["ROLE_PRACTITIONER", "ROLE_MEDIATOR", "ROLE_USER_ADMINISTRATOR"])
def test_nobody_else_names_anybody(town: Town, organisation: str, role: str) -> None:
    who = town.new_person(organisation, role)
    assert refusal(lambda: named(town, who, [who.id])).reason == "NOT_PERMITTED"


def test_ids_are_uuids_and_not_too_many(town: Town, organisation: str) -> None:
    who = town.new_person(organisation, "ROLE_AUDITOR")
    assert len(named(town, who, []).people) == 0
    for people in (["nobody"], [str(uuid.uuid4()) for _ in range(201)]):
        assert refusal(lambda p=people: named(town, who, p)).reason == "INVALID_REQUEST"


def test_a_name_whose_seal_is_not_ours_is_left_out(town: Town, organisation: str) -> None:
    who, other = town.new_person(organisation, "ROLE_AUDITOR"), town.add_person(organisation)
    town.sql(
        "UPDATE person SET sealed_contact = (SELECT sealed_contact FROM person WHERE id = :one) WHERE id = :other",
        one=who.id,
        other=other.id,
    )
    assert [one.person_id for one in named(town, who, [other.id, who.id]).people] == [who.id]
