"""RenewEnrolment: new ones come, the old ones die, and nobody turns them aside."""

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Person, Town, key, refusal


def _renew(town: Town, person: Person) -> pb.RenewEnrolmentResponse:
    request = pb.RenewEnrolmentRequest(idempotency_key=key(), person_id=person.id)
    answer: pb.RenewEnrolmentResponse = town.administer("RenewEnrolment", request)
    return answer


def test_the_old_link_and_code_die(town: Town, organisation: str) -> None:
    person = town.add_person(organisation)
    old = town.link_and_code(person)
    town.clock.move(1)
    _renew(town, person)
    new = town.link_and_code(person)
    assert set(old).isdisjoint(new)
    assert refusal(lambda: town.begin_enrolment(*old)).reason == "ENROLMENT_REFUSED"
    assert town.begin_enrolment(*new).totp_secret


@pytest.mark.promise("I6")
def test_nobody_who_has_factors_is_enrolled_again(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    assert refusal(lambda: _renew(town, nurse)).reason == "ALREADY_ENROLLED"


@pytest.mark.promise("I8")
def test_an_address_changed_by_hand_gets_no_link(town: Town, organisation: str) -> None:
    person, mine = town.add_person(organisation), town.add_person(organisation)
    town.sql(
        "UPDATE person SET sealed_contact = (SELECT sealed_contact FROM person WHERE id = :mine) WHERE id = :id",
        mine=mine.id,
        id=person.id,
    )
    town.identity.upkeep.outbox.deliver()
    before = sorted(town.mail.iterdir())
    # It cannot be done at all, and that is no way to get it done.
    assert refusal(lambda: _renew(town, person)).status in {"INTERNAL", "UNAVAILABLE"}
    town.identity.upkeep.outbox.deliver()
    assert sorted(town.mail.iterdir()) == before
    town.sql("DELETE FROM pending_act WHERE subject_id = :id", id=person.id)
