"""RegisterOrganisation: entered as having applied, and nobody of it gets in."""

from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Town, key, refusal


def test_nobody_of_a_new_organisation_gets_in(town: Town) -> None:
    request = pb.RegisterOrganisationRequest(idempotency_key=key(), name="Newcomers", kind=pb.ORGANISATION_KIND_PARTNER)
    made = town.administer("RegisterOrganisation", request)
    person = town.add_person(made.organisation_id)
    town.fulfil(person)
    town.grant(person, "ROLE_PRACTITIONER")
    town.enrol(person)
    assert refusal(lambda: town.sign_in(person)).reason == "CONDITION_LAPSED_ORGANISATION"
    town.accredit(made.organisation_id, "LIVE")
    assert town.sign_in(person).session


def test_only_a_national_administrator_registers(town: Town, organisation: str) -> None:
    keeper = town.new_person(organisation, "ROLE_USER_ADMINISTRATOR")
    request = pb.RegisterOrganisationRequest(idempotency_key=key(), name="Own", kind=pb.ORGANISATION_KIND_PARTNER)
    assert refusal(lambda: town.administer("RegisterOrganisation", request, who=keeper)).reason == "NOT_PERMITTED"
