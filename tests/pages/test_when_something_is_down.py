"""Whatever is down behind the pages, somebody who needs a number is given the own team's, day and night."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.population.story_searches import exact
from gateway.web.teams import read_teams
from tests.pages import steps
from tests.pages.outage import stopped
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)
_LEEDS = "E08000035"


@pytest.mark.parametrize("name", ["identity", "directory", "audit.ledger", "gateway.edge"])
def test_a_search_says_whom_to_telephone(person: Callable[..., Person], town: Town, name: str) -> None:
    team = read_teams(Path(town.suite.config("gateway.web")["teams"])).of(_LEEDS)
    nurse = person()
    nurse.signs_in("nurse")
    nurse.opens_menu("Search")
    steps.fill_search(nurse, exact(town.living.story.unique))
    with stopped(town, name):
        nurse.presses("Search")
        for number in (team.day, team.night):
            assert nurse.page.get_by_role("link", name=number).first.is_visible()
        nurse.sees("reference")
        assert nurse.heading == "ContactPoint is not available"
        # Signing in fails alike, with the national team's numbers: who it is, is not known yet.
        other = person()
        other.goes("/sign-in")
        assert other.page.locator("a[href^='tel:']").count() >= 2
        nurse.is_content()
