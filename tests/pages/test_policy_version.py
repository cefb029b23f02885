"""A policy that is replaced: its text reaches one process of the pages before it is in force, and one after that."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyotp
import pytest

from deploy.local.settlement.outside import Account
from tests.pages import steps
from tests.pages.person import Person
from tests.pages.replicas import OneAddress, two_replicas
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def address(town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OneAddress]:
    """Yield one address; the second process behind it holds the text of the next version."""
    folder = tmp_path_factory.mktemp("policies")
    text = Path(town.suite.config("gateway.web")["policy"]).read_text("utf-8")
    newer = folder / "policy.md"
    newer.write_text(text.replace("Policy version: 1", "Policy version: 2", 1), "utf-8")
    with two_replicas(town, folder, {"policy": str(newer)}) as found:
        yield found


def test_what_cannot_be_acknowledged_yet_says_whom_to_telephone(
    person: Callable[..., Person], town: Town, address: OneAddress
) -> None:
    ines = person()
    account = _set_up(ines, town)
    ines.address = address.origin
    address.hand_over()
    ines.goes("/sign-in")
    ines.signs_in(account.username)
    # The version in force has no text here: nothing can be acknowledged, and nobody is sent in a circle.
    ines.is_at("Policy")
    ines.sees("its text has not reached these pages yet")
    assert ines.main.locator("a[href^='tel:']").count() == 2
    assert not ines.main.get_by_role("button").count()
    for path in ("/search", "/"):
        ines.goes(path)
        ines.is_at("Policy")
    # The process beside it has the text.
    address.hand_over()
    ines.goes("/policy")
    ines.chooses("I have read this policy and will keep to it")
    ines.presses("Acknowledge and go on")
    ines.is_at("Start page")
    # Who has acknowledged it uses both, whatever text they hold.
    address.hand_over()
    ines.goes("/search")
    ines.is_at("Search for a child")
    ines.is_content()


def test_a_page_that_was_open_meanwhile_shows_the_new_text(
    person: Callable[..., Person], town: Town, address: OneAddress
) -> None:
    ines = person()
    account = _set_up(ines, town)
    if address.leads:
        address.hand_over()
    ines.address = address.origin
    ines.goes("/sign-in")
    ines.signs_in(account.username)
    ines.is_at("Policy")
    ines.chooses("I have read this policy and will keep to it")
    # Replaced before the press: what was not shown is not acknowledged.
    address.hand_over()
    ines.presses("Acknowledge and go on")
    ines.is_at("Policy")
    ines.is_content()


def _set_up(person: Person, town: Town) -> Account:
    account, link, code = town.invited()
    person.goes("/enrol")
    person.fills("Link token", link)
    person.fills("Code from your manager", code)
    person.presses("Continue")
    secret = person.page.locator("#secret").inner_text().replace(" ", "")
    person.fills("Password", account.password)
    person.fills("Numbers that the app shows now", pyotp.TOTP(secret).now())
    person.presses("Finish")
    person.is_at("Your account is ready")
    found = town.cast.accounts[account.username] = replace(account, totp_secret=secret)
    steps.let_in(town, account.person_id)
    return found
