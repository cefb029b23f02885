"""SignOut: the session is over here and in the ledger."""

from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Town, key, refusal

LIST = "/contactpoint.identity.v1.SessionService/ListSessions"


def test_it_ends_this_session_alone(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    first = nurse.session
    tag = town.sign_in(nurse).session_tag
    town.call(nurse, "SessionService", "SignOut", pb.SignOutRequest(idempotency_key=key()))
    assert refusal(lambda: town.authorise(nurse.session, LIST)).reason == "SESSION_ENDED"
    assert tag not in town.ledger.sessions
    assert town.authorise(first, LIST)


def test_without_the_ledger_nobody_is_told_that_it_ended(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    town.ledger.is_down = True
    request = pb.SignOutRequest(idempotency_key=key())
    assert refusal(lambda: town.call(nurse, "SessionService", "SignOut", request)).reason == "DEPENDENCY_UNAVAILABLE"
    town.ledger.is_down = False
    # The same request again goes on where it stopped.
    assert town.call(nurse, "SessionService", "SignOut", request).receipt.leaf
    assert refusal(lambda: town.authorise(nurse.session, LIST)).reason == "SESSION_ENDED"
