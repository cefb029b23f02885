"""A cold phone on a slow line: from the address to the number to call, within a minute and sixty presses."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from deploy.local.population.story_searches import searches
from tests.pages import steps
from tests.pages.manners import ON_A_PHONE
from tests.pages.person import Person
from tests.pages.phone import slowed
from tests.support.figures import RecordProperty
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)
_MOST_SECONDS = 60.0
_MOST_PRESSES = 60
_FIRST_PAGE_BYTES = 60_000
_LATER_PAGE_BYTES = 15_000
# Typing on a telephone: 36 words a minute of five letters each (Palin et al., MobileHCI 2019: 37 000 people).
_SECONDS_A_PRESS = 60 / (36 * 5)


def test_from_the_address_to_the_number(
    person: Callable[..., Person], town: Town, record_property: RecordProperty
) -> None:
    account = town.cast.accounts["nurse"]
    town.give_codes_back(account)
    nurse = person(ON_A_PHONE)
    line = slowed(nurse.page)
    query = searches(town.living.story)["nurse"][0].query
    begun_at = time.monotonic()
    nurse.goes("/sign-in")
    # The telephone's password manager fills user name and password, by a press on its suggestion; the code is typed.
    nurse.main.get_by_label("User name").fill(account.username)
    nurse.main.get_by_label("Password", exact=True).fill(account.password)
    nurse.hands.presses += 1
    nurse.fills("Six digits", account.code())
    nurse.presses("Sign in")
    nurse.presses("Search for a child")
    nurse.fills("Surname", query.surname)
    born = query.date_of_birth
    assert born is not None
    nurse.fills("First name", query.given_names)
    nurse.fills_date("Date of birth", born.day, born.month, born.year)
    nurse.presses("Search")
    nurse.presses("Open", exact=False)
    nurse.chooses(steps.WORRIED)
    nurse.presses("Open the record")
    nurse.page.locator(".cp-call a[href^='tel:']").first.wait_for()
    pages_seconds = time.monotonic() - begun_at
    presses, seconds = nurse.hands.presses, pages_seconds + nurse.hands.presses * _SECONDS_A_PRESS
    figure = f"{pages_seconds:.1f} s of pages, {presses} presses, {seconds:.1f} s with typing, bytes {line.pages}, "
    figure += f"and {line.redirects} to be led on"
    record_property("figure", figure)
    print(f"cold phone: {figure}")
    assert presses <= _MOST_PRESSES
    assert seconds <= _MOST_SECONDS
    assert line.pages[0] <= _FIRST_PAGE_BYTES, line.pages
    assert max(line.pages[1:]) <= _LATER_PAGE_BYTES, line.pages
    nurse.is_content()
