"""The operator stops the whole service: who is signed in gets no further, and is told whom to telephone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as identity

from deploy.local.population.story_searches import exact
from deploy.local.settlement.outside import Refused
from gateway.web.teams import read_teams
from tests.pages import steps
from tests.pages.person import Person
from tests.support.stopping import CUSTODIANS, resume_service, stop_service
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)
_LEEDS = "E08000035"


def test_a_stop_is_for_everybody_until_two_custodians_end_it(person: Callable[..., Person], town: Town) -> None:
    nurse, seated = person(), town.newcomers_seat()
    nurse.signs_in("nurse")
    nurse.opens_menu("Search")
    steps.fill_search(nurse, exact(town.living.story.unique))
    entry = stop_service(town)
    try:
        nurse.presses("Search")
        assert nurse.heading == "ContactPoint has been stopped"
        team = read_teams(Path(town.suite.config("gateway.web")["teams"])).of(_LEEDS)
        for number in (team.day, team.night):
            assert nurse.page.get_by_role("link", name=number).first.is_visible()
        with pytest.raises(Refused) as refused:
            seated.outside.call(seated.outside.sessions.ListSessions, identity.ListSessionsRequest())
        assert refused.value.reason == "CONDITION_LAPSED_SERVICE"
        # Nor does anybody come in anew.
        other = person()
        other.signs_in("nurse")
        assert other.heading == "ContactPoint has been stopped"
    finally:
        answers = [resume_service(town, name) for name in CUSTODIANS]
    assert [answer.is_stopped for answer in answers] == [True, False]
    assert entry < answers[0].receipt.index < answers[1].receipt.index
    back = person()
    back.signs_in("nurse")
    assert back.heading == "Start page"
    back.is_content()
