"""Shields on the pages: asked for, imposed at once, proposed, and approved by a second officer."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding

from deploy.local.settlement.outside import new_key
from tests.pages import steps
from tests.pages.manners import BY_KEYBOARD, MANNERS, WITH_SCRIPT, Manner
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)
_A_PAGE = 20


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
        steps.open_newest_cases(officer)
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
    steps.open_newest_cases(officer)
    own = officer.main.locator(".cp-case").filter(has=officer.page.get_by_text("You", exact=True))
    assert own.count() >= 1
    assert not own.get_by_role("button").count()
    officer.is_content()


@pytest.mark.parametrize("manner", [WITH_SCRIPT, BY_KEYBOARD], ids=lambda manner: manner.name)
def test_more_cases_than_a_page_holds(person: Callable[..., Person], town: Town, manner: Manner) -> None:
    # One newcomer asks for them all: what others may open in a day is not used up.
    asking = town.newcomers_seat()
    for _ in range(_A_PAGE + 1):
        request = shielding.RequestShieldRequest(
            idempotency_key=new_key(), handle=town.new_child(asking).handle, ground=shielding.GROUND_ADOPTION
        )
        asking.outside.call(asking.outside.shielding.RequestShield, request)
    officer = person(manner)
    officer.signs_in("shield.officer")
    officer.opens_menu("Shield cases")
    cases = officer.main.locator(".cp-case")
    assert cases.count() == _A_PAGE
    listed = _decidable(officer)
    while officer.main.get_by_role("link", name="Later cases").count():
        officer.follows("Later cases")
        assert 1 <= cases.count() <= _A_PAGE
        # A reload is the same page, and no case stands on two.
        here = _decidable(officer)
        officer.page.reload()
        assert _decidable(officer) == here
        listed += here
    assert len(set(listed)) == len(listed) > _A_PAGE
    officer.presses("Decide", exact=False, within=cases.last)
    officer.is_at("Hide this child?")
    officer.presses("Hide this child")
    officer.is_at("Your approval is recorded")
    officer.follows("Go back to the list")
    officer.is_at("Shield cases")
    officer.is_content()


def _decidable(officer: Person) -> list[str]:
    found: list[str] = officer.main.locator("input[name=case]").evaluate_all("them => them.map((one) => one.value)")
    return found
