"""RecordCondition: dated facts, and what they put an end to."""

from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Town, key, refusal


def test_a_fact_that_puts_the_person_outside_ends_the_sessions_with_its_own_entry(
    town: Town, organisation: str
) -> None:
    nurse = town.new_person(organisation)
    assert nurse.id in town.ledger.sessions.values()
    town.record(nurse, is_barred_list_clear=False)
    assert nurse.id not in town.ledger.sessions.values()


def test_a_fact_that_keeps_the_person_inside_ends_nothing(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    town.record(nurse, training_valid_until=town.stamp(days=500))
    assert town.authorise(nurse.session, "/contactpoint.identity.v1.SessionService/ListSessions")


def test_a_check_of_tomorrow_and_an_end_beyond_five_years_are_refused(town: Town, organisation: str) -> None:
    nurse = town.add_person(organisation)
    assert refusal(lambda: town.record(nurse, checked_at=town.stamp(days=1))).reason == "INVALID_REQUEST"
    assert refusal(lambda: town.record(nurse, sponsored_until=town.stamp(days=2000))).reason == "INVALID_REQUEST"


def test_one_condition_at_a_time_and_at_least_one(town: Town, organisation: str) -> None:
    nurse = town.add_person(organisation)
    request = pb.RecordConditionRequest(idempotency_key=key(), person_id=nurse.id)
    assert refusal(lambda: town.administer("RecordCondition", request)).reason == "INVALID_REQUEST"
