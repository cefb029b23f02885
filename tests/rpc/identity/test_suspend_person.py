"""SuspendPerson: one named person stops another at once."""

from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Person, Town, key, refusal

SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"


def _suspend(town: Town, who: Person, person: Person) -> None:
    town.administer("SuspendPerson", pb.SuspendPersonRequest(idempotency_key=key(), person_id=person.id), who=who)


def test_an_auditor_stops_somebody_of_the_own_organisation(town: Town, organisation: str) -> None:
    auditor, nurse = town.new_person(organisation, "ROLE_AUDITOR"), town.new_person(organisation)
    other = town.new_person(town.add_organisation())
    _suspend(town, auditor, nurse)
    assert refusal(lambda: town.authorise(nurse.session, SEARCH)).reason == "SESSION_ENDED"
    assert nurse.id not in town.ledger.sessions.values()
    assert refusal(lambda: _suspend(town, auditor, other)).reason == "NOT_FOUND"
    assert refusal(lambda: town.sign_in(nurse)).reason == "CONDITION_LAPSED_SUSPENSION"


def test_nobody_suspends_themselves(town: Town) -> None:
    assert refusal(lambda: _suspend(town, town.admin(), town.admin())).reason == "NOT_ONESELF"


def test_a_token_of_before_says_a_standing_that_is_no_longer_the_newest(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    before = [d for party, d in town.ledger.standings.items() if party.id == nurse.id]
    _suspend(town, town.admin(), nurse)
    assert before != [d for party, d in town.ledger.standings.items() if party.id == nurse.id]
