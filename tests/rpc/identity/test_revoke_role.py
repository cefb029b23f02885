"""RevokeRole: worth nothing from the entry on."""

from tests.fakes.identity_town import Person, Town, key, pb, refusal

SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"


def _revoke(town: Town, person: Person, role: int) -> None:
    request = pb.RevokeRoleRequest(idempotency_key=key(), person_id=person.id, role=role)
    town.administer("RevokeRole", request)


def test_the_very_next_call_lacks_it(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation, "ROLE_PRACTITIONER", "ROLE_AUDITOR")
    town.authorise(nurse.session, SEARCH)
    _revoke(town, nurse, 1)
    assert refusal(lambda: town.authorise(nurse.session, SEARCH)).reason == "NOT_PERMITTED"


def test_a_role_not_held_is_not_found(town: Town, organisation: str) -> None:
    nurse = town.add_person(organisation)
    assert refusal(lambda: _revoke(town, nurse, 1)).reason == "NOT_FOUND"
