"""ListSessions: one's own, live, with what each rests on."""

from contactpoint.identity.v1 import identity_service_pb2 as pb

from tests.fakes.identity_town import Town


def test_it_lists_the_own_live_sessions_newest_first(town: Town, organisation: str) -> None:
    nurse, other = town.new_person(organisation), town.new_person(organisation)
    town.clock.move(1)
    newest = town.sign_in(nurse).session_tag
    answer = town.call(nurse, "SessionService", "ListSessions", pb.ListSessionsRequest())
    assert [row.is_this for row in answer.sessions] == [True, False]
    assert answer.sessions[0].session_tag == newest
    assert [(one.method, one.assurance_level) for one in answer.sessions[0].factors] == [("pwd", 1), ("otp", 2)]
    assert town.administrator is not None
    assert {one.vouched_by for one in answer.sessions[0].factors} == {town.administrator.id}
    others = town.call(other, "SessionService", "ListSessions", pb.ListSessionsRequest())
    assert newest not in {row.session_tag for row in others.sessions}


def test_an_idle_session_is_not_listed(town: Town, organisation: str) -> None:
    nurse = town.new_person(organisation)
    town.clock.move(16 * 60)
    town.sign_in(nurse)
    answer = town.call(nurse, "SessionService", "ListSessions", pb.ListSessionsRequest())
    assert len(answer.sessions) == 1
