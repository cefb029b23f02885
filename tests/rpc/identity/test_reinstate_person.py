"""ReinstatePerson: the person comes back with the same factors."""

from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Town, key, refusal


def test_the_person_signs_in_again(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    town.administer("SuspendPerson", pb.SuspendPersonRequest(idempotency_key=key(), person_id=nurse.id))
    refusal(lambda: town.sign_in(nurse))
    town.administer("ReinstatePerson", pb.ReinstatePersonRequest(idempotency_key=key(), person_id=nurse.id))
    assert town.sign_in(nurse).session


def test_an_auditor_does_not_reinstate(town: Town, organisation: str) -> None:
    auditor, nurse = town.new_person(organisation, "ROLE_AUDITOR"), town.new_person(organisation)
    request = pb.ReinstatePersonRequest(idempotency_key=key(), person_id=nurse.id)
    assert refusal(lambda: town.administer("ReinstatePerson", request, who=auditor)).reason == "NOT_PERMITTED"
