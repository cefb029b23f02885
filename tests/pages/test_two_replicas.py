"""Two processes behind one address: who signs in at one, searches, reads and signs out at whichever answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from deploy.local.population.story_searches import searches
from tests.pages import steps
from tests.pages.person import Person
from tests.pages.replicas import OneAddress, two_replicas
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def address(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneAddress]:
    """Yield one address before two processes."""
    with two_replicas(town, tmp_path_factory.mktemp("replicas")) as found:
        yield found


def test_every_form_may_be_taken_by_the_other(person: Callable[..., Person], town: Town, address: OneAddress) -> None:
    child = town.living.story.worried_about
    nurse = person()
    nurse.address = address.origin
    nurse.goes("/sign-in")
    # Before each press: what one has drawn, the other is sent.
    address.hand_over()
    nurse.signs_in("nurse")
    nurse.is_at("Start page")
    nurse.opens_menu("Search")
    steps.fill_search(nurse, searches(town.living.story)["nurse"][0].query)
    address.hand_over()
    nurse.presses("Search")
    nurse.sees(child.name.surname)
    address.hand_over()
    nurse.presses("Open", exact=False)
    nurse.is_at("Why do you need to open this record?")
    nurse.chooses(steps.WORRIED)
    address.hand_over()
    nurse.presses("Open the record")
    nurse.is_at("Who works with this child")
    address.hand_over()
    nurse.presses("Open the home address and carers")
    nurse.chooses(steps.WORRIED)
    address.hand_over()
    nurse.presses("Open the home")
    nurse.sees(child.address.postcode)
    address.hand_over()
    # What was typed is there at the other as well.
    nurse.opens_menu("Search")
    assert nurse.main.get_by_label("Surname", exact=True).input_value()
    address.hand_over()
    nurse.presses("Sign out", within=nurse.page.locator("header"))
    nurse.is_at("You have signed out")
    for _ in range(2):
        address.hand_over()
        nurse.goes("/search")
        nurse.is_at("Sign in")
    nurse.is_content()


def test_a_session_that_one_ended_is_over_at_the_other(
    person: Callable[..., Person], town: Town, address: OneAddress
) -> None:
    account = town.newcomer()
    here, there = person(), person()
    for one in (here, there):
        one.address = address.origin
        one.signs_in(account.username)
    here.goes("/sessions")
    here.presses("Sign out everywhere")
    address.hand_over()
    there.goes("/own-looks")
    there.sees("Your session has ended")
