"""Idle: a warning two minutes before, one press keeps; without scripts the page leaves the screen by itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from deploy.local.population.story_searches import searches
from tests.pages import steps
from tests.pages.manners import WITHOUT_SCRIPT
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)
_IDLE_SECONDS = 15 * 60
_WARNING_SECONDS = 120


def test_a_warning_and_one_press_keeps(person: Callable[..., Person], town: Town) -> None:
    nurse = person()
    nurse.page.clock.install()
    nurse.signs_in("nurse")
    steps.open_record(nurse, searches(town.living.story)["unique"][0].query)
    warning = nurse.page.get_by_role("dialog")
    nurse.page.clock.fast_forward((_IDLE_SECONDS - _WARNING_SECONDS - 60) * 1000)
    expect(warning).to_be_hidden()
    nurse.page.clock.fast_forward(61_000)
    expect(warning).to_be_visible()
    warning.get_by_role("button", name="Stay signed in").click()
    expect(warning).to_be_hidden()
    nurse.is_at("Who works with this child")
    # Nobody presses the next time: the child leaves the screen.
    with nurse.page.expect_navigation():
        nurse.page.clock.fast_forward((_IDLE_SECONDS + 1) * 1000)
    nurse.is_at("Are you still there?")
    assert town.living.story.unique.name.surname not in nurse.page.content()
    nurse.is_content()


def test_without_scripts_the_page_goes_by_itself(person: Callable[..., Person], town: Town) -> None:
    nurse = person(WITHOUT_SCRIPT)
    nurse.signs_in("nurse")
    steps.open_record(nurse, searches(town.living.story)["unique"][0].query)
    after, _, where = str(nurse.page.locator("meta[http-equiv=refresh]").get_attribute("content")).partition("; url=")
    assert 0 < int(after) <= _IDLE_SECONDS - _WARNING_SECONDS
    assert where == "/still-there"
    nurse.goes(where)
    nurse.presses("I am still here")
    nurse.is_at("Start page")
    nurse.is_content()
