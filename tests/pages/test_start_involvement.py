"""One's own involvement on the pages: recorded, confirmed, marked, its number reported wrong, ended."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.pages import steps
from tests.pages.manners import MANNERS, Manner
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)
_TEAM = "Health visiting"


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_an_own_involvement_from_beginning_to_end(person: Callable[..., Person], town: Town, manner: Manner) -> None:
    found = town.new_child(town.seat("nurse"))
    nurse = person(manner)
    nurse.signs_in("nurse")
    steps.open_record(nurse, found.query)
    nurse.presses("Record that you work with this child")
    nurse.is_at("Which team do you work in?")
    nurse.fills("Another team: the beginning of its name", team_of(town))
    nurse.presses("Find")
    nurse.hands.press(nurse.page, nurse.main.locator("input[type=radio]").first)
    nurse.presses("Continue")
    nurse.is_at("How can others reach you about this child?")
    nurse.fills("Your name, as others should ask for you", "Gwenllian O’Brien-Ŵyn")
    nurse.fills("Your telephone by day (optional)", "0113 496 0777")
    nurse.chooses("I am the lead professional")
    nurse.presses("Record that I work with this child")
    nurse.is_at("Your involvement is recorded")
    nurse.presses("Open the record")
    nurse.chooses(steps.WORRIED)
    nurse.presses("Open the record")
    nurse.sees("Gwenllian O’Brien-Ŵyn")
    nurse.sees("Lead professional")
    assert "0113 496 0777" in steps.telephones(nurse)
    nurse.presses("Confirm", exact=False)
    nurse.sees("You confirmed the involvement")
    nurse.presses("Lead professional or assessment", exact=False)
    nurse.chooses("Is the lead professional")
    nurse.chooses("Holds a Common Assessment (CAF) or early help assessment")
    nurse.presses("Save")
    nurse.sees("Your change is recorded")
    nurse.sees("Holds a Common Assessment (CAF)")
    own = nurse.main.locator(".cp-lines > div", has_text="Gwenllian")
    nurse.presses("This number did not work", exact=False, within=own)
    nurse.sees("Reported wrong")
    nurse.opens_menu("My children")
    nurse.sees(found.query.surname)
    nurse.chooses_in_row(found.query.surname)
    nurse.presses("Confirm those ticked")
    nurse.sees("1 involvement confirmed")
    nurse.chooses_in_row(found.query.surname)
    nurse.presses("End those ticked")
    nurse.presses("Yes, it has ended")
    nurse.sees("1 involvement ended")
    assert found.query.surname not in nurse.main.inner_text()
    nurse.is_content()


def team_of(town: Town) -> str:
    """Return the beginning of the name of a team in which a nurse may record."""
    provider = next(one.provider for one in town.living.story.worried_about.involvements)
    return provider.name
