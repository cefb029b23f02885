"""Two custodians accept what an operator's command printed, each on a page of their own."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable

import pytest

from tests.pages.manners import MANNERS, WITH_SCRIPT, Manner
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)
_ENTRY = re.compile(r"entry ([0-9,]+) of the log")


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_two_custodians_accept_one_loss(person: Callable[..., Person], manner: Manner) -> None:
    name, entries = secrets.token_hex(32), []
    for username in ("custodian", "second.custodian"):
        custodian = person(manner)
        custodian.signs_in(username)
        custodian.sees("The operator telephones you")
        custodian.opens_menu("Accept a loss")
        custodian.presses("Continue")
        custodian.sees("Enter the number that stands behind the name")
        custodian.fills("Name", name.upper())
        custodian.fills("Number", "4")
        custodian.presses("Continue")
        custodian.is_at("Accept this loss?")
        custodian.sees(" ".join(name[start : start + 4] for start in range(0, 64, 4)))
        custodian.sees("What is limited stays limited")
        custodian.presses("Accept this loss")
        custodian.is_at("Your acceptance is recorded")
        said = _ENTRY.search(custodian.main.inner_text())
        assert said is not None
        entries.append(int(said[1].replace(",", "")))
        custodian.is_content()
    # Two acts of two people, not one that was sent twice.
    assert entries[0] < entries[1]


def test_a_gap_that_is_not_open_says_what_to_do(person: Callable[..., Person]) -> None:
    custodian = person(WITH_SCRIPT)
    custodian.signs_in("custodian")
    custodian.opens_menu("Accept a gap")
    custodian.fills("Name", secrets.token_hex(32))
    custodian.presses("Continue")
    custodian.is_at("Accept this gap?")
    custodian.presses("Accept this gap")
    custodian.is_at("There is no such gap any more")
    custodian.sees("Ask the operator to read out")
    custodian.is_content()


def test_nobody_else_has_these_pages(person: Callable[..., Person], town: Town) -> None:
    nurse = person(WITH_SCRIPT)
    nurse.signs_in(town.newcomer().username)
    assert not nurse.page.get_by_role("link", name="Accept a loss").count()
    for path in ("/accept-loss", "/accept-gap"):
        nurse.goes(path)
        nurse.is_at("You may not see this page")
