"""EndSessions: named ones of one's own, or all."""

import uuid

from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Town, key, refusal

LIST = "/contactpoint.identity.v1.SessionService/ListSessions"


def test_it_ends_a_named_session(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    lost = town.sign_in(nurse)
    town.sign_in(nurse)
    request = pb.EndSessionsRequest(idempotency_key=key(), session_tags=[lost.session_tag])
    town.call(nurse, "SessionService", "EndSessions", request)
    assert refusal(lambda: town.authorise(lost.session, LIST)).reason == "SESSION_ENDED"
    assert town.authorise(nurse.session, LIST)


def test_it_ends_all_of_them(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    other = town.sign_in(nurse).session
    town.sign_in(nurse)
    town.call(nurse, "SessionService", "EndSessions", pb.EndSessionsRequest(idempotency_key=key(), all=True))
    for session in (other, nurse.session):
        assert refusal(lambda s=session: town.authorise(s, LIST)).reason == "SESSION_ENDED"


def test_nobody_ends_anothers(town: Town, organisation: str) -> None:
    nurse, other = town.new_person(organisation), town.new_person(organisation)
    tag = town.sign_in(other).session_tag
    for tags in ([tag], [str(uuid.uuid4())]):
        request = pb.EndSessionsRequest(idempotency_key=key(), session_tags=tags)
        assert refusal(lambda r=request: town.call(nurse, "SessionService", "EndSessions", r)).reason == "NOT_FOUND"
    assert town.authorise(other.session, LIST)


def test_tags_or_all_and_not_both(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    request = pb.EndSessionsRequest(idempotency_key=key())
    assert refusal(lambda: town.call(nurse, "SessionService", "EndSessions", request)).reason == "INVALID_REQUEST"
