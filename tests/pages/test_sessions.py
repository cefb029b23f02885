"""Sessions on the pages: the policy first, where I am signed in, signing out here and everywhere, what I looked at."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deploy.local.population.story_searches import searches
from tests.pages import steps
from tests.pages.manners import MANNERS, WITH_SCRIPT, Manner
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_looks_sessions_and_signing_out_everywhere(person: Callable[..., Person], town: Town, manner: Manner) -> None:
    account = town.newcomer()
    here, there = person(manner), person(WITH_SCRIPT)
    there.signs_in(account.username)
    here.signs_in(account.username)
    steps.open_record(here, searches(town.living.story)["unique"][0].query)
    here.goes("/")
    here.follows("What I looked at recently")
    here.sees("Opened the record")
    here.sees("I am worried about the child")
    there.opens_menu("Search")
    steps.fill_search(there, searches(town.living.story)["unique"][0].query)
    here.goes("/")
    here.follows("Where I am signed in")
    here.sees("This session")
    here.presses("Sign out everywhere")
    assert here.heading in {"You have signed out", "Sign in"}
    # The other window's next press: its session has ended, it is told so, and nothing that was typed is lost.
    there.presses("Search")
    assert there.path == "/sign-in"
    there.sees("Your session has ended")
    there.signs_in(account.username)
    there.opens_menu("Search")
    assert there.main.get_by_label("Surname", exact=True).input_value()
    here.is_content()
    there.is_content()


def test_the_back_button_after_signing_out_shows_nothing(person: Callable[..., Person], town: Town) -> None:
    query = searches(town.living.story)["unique"][0].query
    nurse = person()
    nurse.signs_in(town.newcomer().username)
    steps.open_record(nurse, query)
    nurse.presses("Sign out", within=nurse.page.locator("header"))
    nurse.is_at("You have signed out")
    for _ in range(4):
        nurse.goes_back()
        nurse.page.wait_for_load_state("load")
        assert query.surname not in nurse.page.content()
        assert "Who works with this child" not in nurse.page.content()
    left = {cookie.get("name", "").rpartition("-")[0] for cookie in nurse.page.context.cookies()}
    assert left <= {"__Host"}, "a page or a session was left"
    assert "__Host-session" not in {cookie.get("name") for cookie in nurse.page.context.cookies()}


def test_another_browser_learns_nothing_of_what_was_typed(person: Callable[..., Person], town: Town) -> None:
    query = searches(town.living.story)["unique"][0].query
    first, second = town.newcomers(2)
    nurse = person()
    nurse.signs_in(first.username)
    nurse.opens_menu("Search")
    steps.fill_search(nurse, query)
    nurse.presses("Search")
    town.administer("SuspendPerson", person_id=first.person_id)
    nurse.follows("Change your search")
    nurse.presses("Search")
    assert query.surname not in nurse.page.content()
    town.administer("ReinstatePerson", person_id=first.person_id)
    # The same person finds it again, somebody else at the same machine does not.
    nurse.signs_in(second.username)
    nurse.opens_menu("Search")
    assert nurse.main.get_by_label("Surname", exact=True).input_value() == ""
    nurse.presses("Sign out", within=nurse.page.locator("header"))
