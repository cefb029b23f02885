"""Every state of every page: axe finds nothing, nothing is cut off at 320 px, and none comes or goes unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.pages.axe import violations
from tests.pages.manners import NARROW
from tests.pages.person import person_in
from tests.pages.scenes import SCENES
from tests.support.town import Town

pytestmark = pytest.mark.timeout(400)
_STATES = Path(__file__).with_name("states.txt")


@pytest.mark.parametrize("scene", SCENES)
def test_every_state_is_accessible(browser: Browser, town: Town, scene: str) -> None:
    # Only here: axe is a script that the pages' policy would not let in, and it must read what it checks.
    context = browser.new_context(
        viewport={"width": NARROW.width, "height": NARROW.height},
        bypass_csp=True,
        locale="en-GB",
        timezone_id="Europe/London",
    )
    try:
        person = person_in(context, town, NARROW)
        found, states = [], []
        for state in SCENES[scene](person, town):
            states.append(state)
            found += [f"{state}: {one}" for one in violations(person.page)]
        assert not found, "\n".join(found)
        person.is_content()
    finally:
        context.close()
    expected = [line.partition(": ")[2] for line in _lines() if line.startswith(f"{scene}: ")]
    assert states == expected


def test_no_state_is_named_twice() -> None:
    names = [line.partition(": ")[2] for line in _lines()]
    assert len(names) == len(set(names))
    assert {line.partition(": ")[0] for line in _lines()} == set(SCENES)


def _lines() -> list[str]:
    return _STATES.read_text("utf-8").splitlines()
