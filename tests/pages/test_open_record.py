"""The main job on the pages: from a misspelt name to the number to call now, the home by a further press."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from deploy.local.population.story_searches import searches
from tests.pages import steps
from tests.pages.manners import MANNERS, WITH_SCRIPT, WITHOUT_SCRIPT, Manner
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_from_a_misspelt_name_to_the_number_to_call(person: Callable[..., Person], town: Town, manner: Manner) -> None:
    child = town.living.story.worried_about
    nurse = person(manner)
    nurse.signs_in("nurse")
    nurse.is_at("Start page")
    steps.search(nurse, searches(town.living.story)["nurse"][0].query)
    nurse.sees(child.name.surname)
    nurse.presses("Open", exact=False)
    nurse.is_at("Why do you need to open this record?")
    nurse.presses("Open the record")
    nurse.sees("Select why you are looking")
    nurse.chooses(steps.WORRIED)
    nurse.presses("Open the record")
    nurse.is_at("Who works with this child")
    numbers = steps.telephones(nurse)
    assert child.education.school is not None
    assert child.gp is not None
    known = {one.practitioner.telephone for one in child.involvements}
    assert {child.education.school.telephone, child.gp.practice.telephone} | known <= set(numbers)
    # The first number of the page is the one to call.
    assert nurse.page.locator(".cp-call a[href^='tel:']").first.inner_text() == numbers[0]
    nurse.sees("Grace Okonjo, Leeds Community Health")
    nurse.presses("Open the home address and carers")
    nurse.chooses(steps.WORRIED)
    nurse.presses("Open the home")
    nurse.is_at("Home address and carers")
    nurse.sees(child.address.postcode)
    nurse.follows("Back to the record")
    nurse.follows("This is not the child I was looking for")
    nurse.is_at("Children found")
    nurse.is_content()


def test_the_number_of_a_school_that_did_not_work(person: Callable[..., Person], town: Town) -> None:
    found = town.new_child(town.seat("nurse"))
    school = town.living.story.unique.education.school
    assert school is not None
    nurse = person(WITHOUT_SCRIPT)
    nurse.signs_in("nurse")
    steps.open_record(nurse, found.query)
    place = nurse.main.locator(".cp-lines > div", has_text=school.name)
    nurse.presses("This number did not work", within=place)
    nurse.sees("You reported that the number did not work")
    assert "Reported wrong" in place.inner_text()
    assert not place.get_by_role("button").count()
    # It is proposed no more, at no hour.
    assert nurse.page.locator(".cp-call a[href^='tel:']").first.inner_text() != school.telephone
    nurse.is_content()


def test_by_number_with_surname_and_date(person: Callable[..., Person], town: Town) -> None:
    found = town.new_child(town.seat("nurse"))
    born = found.query.date_of_birth
    assert born is not None
    nurse = person()
    nurse.signs_in("nurse")
    nurse.opens_menu("Search")
    nurse.follows("Open a record by its ContactPoint number")
    nurse.fills("ContactPoint number", f"{found.number:010}")
    nurse.fills("Surname", "Somebodyelse")
    nurse.fills_date("Date of birth", born.day, born.month, born.year)
    nurse.chooses(steps.WORRIED)
    nurse.presses("Open the record")
    assert nurse.heading != "Who works with this child"
    nurse.fills("Surname", found.query.surname)
    nurse.presses("Open the record")
    nurse.is_at("Who works with this child")
    nurse.is_content()


def test_what_a_search_may_answer(person: Callable[..., Person], town: Town) -> None:
    told = searches(town.living.story)
    nurse = person(WITH_SCRIPT)
    nurse.signs_in("nurse")
    for name in ("too_many", "none"):
        steps.search(nurse, told[name][0].query)
        nurse.sees("More than 20 children match" if name == "too_many" else "Nothing is recorded that you can be shown")
        assert not nurse.main.get_by_role("button", name="Open").count()
    steps.search(nurse, told["too_little"][0].query)
    nurse.is_at("Search for a child")
    assert nurse.page.title().startswith("Error: ")
    assert nurse.main.get_by_label("Surname", exact=True).input_value() == told["too_little"][0].query.surname
    nurse.is_content()
