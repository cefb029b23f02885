"""A new person sets up an account with the e-mail's link and the manager's code, and signs in with it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import replace

import pyotp
import pytest

from deploy.local.settlement import inhabitants
from tests.pages import steps
from tests.pages.manners import MANNERS, WITH_SCRIPT, Manner
from tests.pages.person import Person
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)


@pytest.mark.parametrize("manner", MANNERS, ids=lambda manner: manner.name)
def test_a_new_person_sets_up_an_account(person: Callable[..., Person], town: Town, manner: Manner) -> None:
    account, link, code = town.invited()
    ines = person(manner)
    # The e-mail's address: a script takes the token out of it, without one it is pasted.
    ines.goes(f"/enrol#{link}")
    ines.is_at("Set up your account")
    if manner.has_script:
        assert ines.main.get_by_label("Link token").input_value() == link
        assert link not in ines.page.url
    else:
        ines.fills("Link token", link)
    ines.fills("Code from your manager", f"{code[:4]} {code[4:]}")
    ines.presses("Continue")
    ines.is_at("Choose a password and add an authenticator")
    secret = ines.page.locator("#secret").inner_text().replace(" ", "")
    ines.fills("Password", account.password)
    ines.fills("Numbers that the app shows now", pyotp.TOTP(secret).now())
    ines.presses("Finish")
    ines.is_at("Your account is ready")
    town.cast.accounts[account.username] = replace(account, totp_secret=secret)
    ines.signs_in(account.username)
    # Nothing is granted to her yet: she is told which condition is missing, and who mends it.
    ines.is_at("You cannot use ContactPoint at the moment")
    ines.sees("Ask your manager")
    steps.let_in(town, account.person_id)
    ines.signs_in(account.username)
    ines.is_at("Policy")
    ines.goes("/search")
    ines.is_at("Policy")
    ines.presses("Acknowledge and go on")
    ines.sees("Tick the box when you have read the policy")
    ines.chooses("I have read this policy and will keep to it")
    ines.presses("Acknowledge and go on")
    ines.is_at("Start page")
    ines.is_content()


def test_the_mail_leads_to_the_page(town: Town, origin: str) -> None:
    account, link, _ = town.invited()
    # Its own mail was read and taken away; the next one is as its writer made it.
    town.administer("RenewEnrolment", person_id=account.person_id)
    address = f"{account.username}@example.org"
    read = inhabitants._read_mail(town.suite.layout.mail, address, re.compile(r"^Open (\S+)", re.MULTILINE))
    assert read.startswith(f"{origin}/enrol#")
    assert not read.endswith(link)


def test_what_is_refused_says_what_to_do(person: Callable[..., Person], town: Town) -> None:
    account, link, code = town.invited()
    ines = person(WITH_SCRIPT)
    ines.goes("/enrol")
    ines.presses("Continue")
    ines.sees("Paste the link token from the e-mail")
    ines.fills("Link token", f"https://anywhere.example/enrol#{link}")
    ines.fills("Code from your manager", "00000000" if code != "00000000" else "11111111")
    ines.presses("Continue")
    ines.sees("do not open an account")
    ines.fills("Code from your manager", code)
    ines.presses("Continue")
    secret = ines.page.locator("#secret").inner_text().replace(" ", "")
    ines.fills("Password", "password12345678")
    ines.fills("Numbers that the app shows now", pyotp.TOTP(secret).now())
    ines.presses("Finish")
    ines.sees("This password is easy to guess")
    # The same secret as before: what the app has already is not wasted.
    assert ines.page.locator("#secret").inner_text().replace(" ", "") == secret
    ines.fills("Password", account.password)
    # One of six is none of the codes that open now, however the dice fall.
    now = int(time.time())
    opening = {pyotp.TOTP(secret).at(now + 30 * step) for step in (-2, -1, 0, 1, 2)}
    wrong = next(digits for digits in map("{:06}".format, range(6)) if digits not in opening)
    ines.fills("Numbers that the app shows now", wrong)
    ines.presses("Finish")
    ines.sees("Wait until your app shows new ones")
    ines.is_content()
