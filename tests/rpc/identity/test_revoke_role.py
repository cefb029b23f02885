"""RevokeRole: worth nothing from the entry on."""

from contactpoint.access.v1 import access_pb2
from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Person, Town, key, refusal

SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"


def _revoke(town: Town, person: Person) -> None:
    request = pb.RevokeRoleRequest(idempotency_key=key(), person_id=person.id, role=access_pb2.ROLE_PRACTITIONER)
    town.administer("RevokeRole", request)


def test_the_very_next_call_lacks_it(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation, "ROLE_PRACTITIONER", "ROLE_AUDITOR")
    town.authorise(nurse.session, SEARCH)
    _revoke(town, nurse)
    assert refusal(lambda: town.authorise(nurse.session, SEARCH)).reason == "NOT_PERMITTED"


def test_a_role_not_held_is_not_found(town: Town, organisation: str) -> None:
    nurse = town.add_person(organisation)
    assert refusal(lambda: _revoke(town, nurse)).reason == "NOT_FOUND"
