"""The operator stops the whole service: who is signed in gets no further, and is told whom to telephone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from contactpoint.access.v1 import access_pb2 as access
from contactpoint.identity.v1 import identity_service_pb2 as identity

from deploy.local.population.story_searches import exact
from deploy.local.settlement.outside import Refused, new_key
from gateway.web.teams import read_teams
from tests.architecture.source import ROOT
from tests.pages import steps
from tests.pages.person import Person
from tests.support.town import Seat, Town

pytestmark = pytest.mark.timeout(300)
_LEEDS = "E08000035"


@pytest.fixture(scope="module")
def custodians(town: Town) -> tuple[Seat, Seat]:
    one, other = (town.newcomers_seat(role=access.ROLE_CUSTODIAN) for _ in range(2))
    return one, other


def test_a_stop_is_for_everybody_until_two_custodians_end_it(
    person: Callable[..., Person], town: Town, custodians: tuple[Seat, Seat]
) -> None:
    nurse, seated = person(), town.newcomers_seat()
    nurse.signs_in("nurse")
    nurse.opens_menu("Search")
    steps.fill_search(nurse, exact(town.living.story.unique))
    entry = _stop(town)
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
        answers = [_resume(town, seat) for seat in custodians]
    assert [answer.is_stopped for answer in answers] == [True, False]
    assert entry < answers[0].receipt.index < answers[1].receipt.index
    back = person()
    back.signs_in("nurse")
    assert back.heading == "Start page"
    back.is_content()


def _stop(town: Town) -> int:
    command = [sys.executable, "-m", "services.identity", "stop-service", "--reason", "DRILL", "--config"]
    ended = subprocess.run(
        [*command, str(town.suite.config_file("identity"))],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return int(json.loads(ended.stdout)["entry"])


def _resume(town: Town, seat: Seat) -> identity.ResumeServiceResponse:
    # Who has a part in mending comes in while it is stopped.
    town.give_codes_back(seat.account)
    seat.outside.sign_in(seat.account)
    request = identity.ResumeServiceRequest(idempotency_key=new_key())
    answer = seat.outside.call(seat.outside.administration.ResumeService, request)
    assert isinstance(answer, identity.ResumeServiceResponse)
    return answer
