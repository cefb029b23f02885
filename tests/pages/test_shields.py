"""Shields on the pages: asked for, imposed at once, proposed, and approved by a second officer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.pages import steps
from tests.pages.manners import MANNERS, WITH_SCRIPT, Manner
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_a_request_is_approved_by_two_officers(person: Callable[..., Person], town: Town, manner: Manner) -> None:
    found = town.new_child(town.seat("nurse"))
    nurse = person(manner)
    nurse.signs_in("nurse")
    steps.open_record(nurse, found.query)
    nurse.presses("Ask for a shield")
    nurse.presses("Ask for a shield")
    nurse.sees("Select why the child’s place must not be found")
    nurse.chooses("Witness protection")
    nurse.presses("Ask for a shield")
    nurse.is_at("You have asked for a shield")
    for username, question in (("shield.officer", "Hide this child"), ("second.officer", "Approve this shield")):
        officer = person(manner)
        officer.signs_in(username)
        officer.opens_menu("Shield cases")
        officer.presses("Decide", exact=False, within=officer.main.locator(".cp-case").last)
        officer.is_at(f"{question}?")
        officer.presses(question)
        officer.is_at("Your approval is recorded")
        officer.is_content()
    steps.search(nurse, found.query)
    nurse.sees("Limited record")
    nurse.presses("Open", exact=False)
    nurse.chooses(steps.WORRIED)
    nurse.presses("Open the record")
    nurse.is_at("Limited record")
    assert not nurse.main.get_by_text("School", exact=True).count()
    nurse.is_content()


@pytest.mark.parametrize(
    "username, button, question",
    [
        ("social.worker", "Shield at once", "Hide this child now"),
        ("shield.officer", "Shield this child", "Shield this child"),
    ],
)
def test_one_person_hides_a_child_at_once(
    person: Callable[..., Person], town: Town, username: str, button: str, question: str
) -> None:
    found = town.new_child(town.seat("nurse"))
    practitioner = person(WITH_SCRIPT)
    practitioner.signs_in(username)
    steps.open_record(practitioner, found.query)
    practitioner.presses(button)
    practitioner.is_at(question)
    practitioner.chooses("Domestic abuse")
    practitioner.presses(question)
    practitioner.is_at("The child is hidden")
    practitioner.is_content()
    nurse = person(WITH_SCRIPT)
    nurse.signs_in("nurse")
    steps.search(nurse, found.query)
    nurse.sees("Limited record")
    nurse.is_content()


def test_who_opened_a_case_is_not_the_second_officer(person: Callable[..., Person], town: Town) -> None:
    found = town.new_child(town.seat("nurse"))
    officer = person(WITH_SCRIPT)
    officer.signs_in("shield.officer")
    steps.open_record(officer, found.query)
    officer.presses("Shield this child")
    officer.chooses("Adoption")
    officer.presses("Shield this child")
    officer.follows("See the shield cases")
    own = officer.main.locator(".cp-case").filter(has=officer.page.get_by_text("You", exact=True))
    assert own.count() >= 1
    assert not own.get_by_role("button").count()
    officer.is_content()
