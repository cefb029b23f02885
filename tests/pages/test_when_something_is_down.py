"""Whatever is down behind the pages, somebody who needs a number is given the own team's, day and night."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from deploy.local.population.story_searches import exact
from gateway.web.teams import read_teams
from tests.pages import steps
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)
_LEEDS = "E08000035"


@pytest.fixture
def stopped(town: Town) -> Iterator[Callable[[str], None]]:
    """Yield how to stop a process of the suite; it runs again afterwards."""
    names: list[str] = []

    def stop(name: str) -> None:
        # A second one that would lead instead as well.
        for process in town.suite.plan.processes:
            if process.kind == name:
                names.append(process.name)
                town.suite.process(process.name).stop()

    yield stop
    for name in names:
        town.suite.process(name).start()


def signs_in_once_all_is_up(nurse: Person) -> None:
    """Sign in; what the test before stopped runs again, and whoever calls it may not have found it yet."""
    for _ in range(15):
        nurse.signs_in("nurse")
        if nurse.heading == "Start page":
            return
        time.sleep(1.0)
    raise AssertionError(nurse.heading)


@pytest.mark.parametrize("name", ["identity", "directory", "audit.ledger", "gateway.edge"])
def test_a_search_says_whom_to_telephone(
    person: Callable[..., Person], town: Town, stopped: Callable[[str], None], name: str
) -> None:
    team = read_teams(Path(town.suite.config("gateway.web")["teams"])).of(_LEEDS)
    nurse = person()
    signs_in_once_all_is_up(nurse)
    nurse.opens_menu("Search")
    steps.fill_search(nurse, exact(town.living.story.unique))
    stopped(name)
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
