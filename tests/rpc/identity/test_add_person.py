"""AddPerson: link and code to two people, neither to the administrator, and no secret in any answer (I6)."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as pb

from services.runtime.errors import ServiceError
from tests.fakes.identity_town import Person, Town, key, refusal


def a_request(town: Town, organisation: str, **changed: Any) -> pb.AddPersonRequest:
    name = f"person-{key()[:8]}"
    fields: dict[str, Any] = {
        "idempotency_key": key(),
        "organisation_id": organisation,
        "name": "Åsa O'Neil",
        "username": name,
        "email": f"{name}@example.org",
        "manager_email": f"boss-of-{name}@example.org",
        "proofs": ["PASSPORT"],
    }
    return pb.AddPersonRequest(**{**fields, **changed})


@pytest.mark.promise("I6")
def test_link_and_code_go_to_two_people_and_the_answer_has_neither(town: Town, organisation: str) -> None:
    request = a_request(town, organisation)
    answer = town.administer("AddPerson", request)
    link, code = town.link_and_code(Person("", "", request.email, request.manager_email))
    said = answer.SerializeToString()
    assert link.encode() not in said
    assert code.encode() not in said
    assert link not in town.mail_to(request.manager_email)
    assert code not in town.mail_to(request.email)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in town.mail.iterdir())
    # Nor does the database know either.
    stored = str(town.sql("SELECT * FROM enrolment")) + str(town.sql("SELECT * FROM outbox"))
    assert link not in stored
    assert code not in stored


def test_the_same_act_twice_is_one_person(town: Town, organisation: str) -> None:
    request = a_request(town, organisation)
    first, second = town.administer("AddPerson", request), town.administer("AddPerson", request)
    assert first == second
    other = pb.AddPersonRequest()
    other.CopyFrom(request)
    other.name = "Somebody Else"
    assert refusal(lambda: town.administer("AddPerson", other)).reason == "IDEMPOTENCY_KEY_REUSED"


def test_a_user_name_is_had_once_even_under_race(town: Town, organisation: str) -> None:
    town.admin()

    def add(_: int) -> str:
        try:
            town.administer("AddPerson", a_request(town, organisation, username="wanted-by-all"))
        except ServiceError as error:
            return error.reason
        return "OK"

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(add, range(8)))
    assert sorted(set(answers)) == ["OK", "USERNAME_TAKEN"]
    assert answers.count("OK") == 1


def test_the_addresses_are_two_and_not_the_administrators(town: Town, organisation: str) -> None:
    for addresses in (
        {"email": "same@example.org", "manager_email": "SAME@example.org"},
        {"email": "national@example.org"},
        {"manager_email": "National@example.org"},
    ):
        said = refusal(lambda a=addresses: town.administer("AddPerson", a_request(town, organisation, **a)))
        assert said.reason == "ADDRESS_NOT_ALLOWED"


def test_a_user_administrator_adds_to_the_own_organisation_only(town: Town, organisation: str) -> None:
    keeper = town.new_person(organisation, "ROLE_USER_ADMINISTRATOR")
    assert town.add_person(organisation, who=keeper).id
    assert refusal(lambda: town.add_person(town.add_organisation(), who=keeper)).reason == "NOT_FOUND"


def test_a_ledger_that_refuses_leaves_nothing(town: Town, organisation: str) -> None:
    request = a_request(town, organisation)
    town.ledger.is_down = True
    refusal(lambda: town.administer("AddPerson", request))
    town.ledger.is_down = False
    assert town.sql("SELECT count(*) FROM person WHERE username = :u", u=request.username)[0][0] == 0
    # Written down, so that it can go on: with the same request it does.
    assert town.administer("AddPerson", request).person_id
