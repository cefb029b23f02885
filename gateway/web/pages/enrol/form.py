"""What a new person types: first both ways of having been reached, then both factors."""

from __future__ import annotations

import re
from dataclasses import dataclass

from gateway.web.pages.about_children.submitted import Faults
from gateway.web.submitted import Submitted

_LINK = re.compile(r"[A-Za-z0-9_-]{40,64}")
_CODE_DIGITS = 8
_TOTP_DIGITS = 6
_SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD = 256


@dataclass(frozen=True, kw_only=True)
class Reached:
    """The link's token and the manager's code."""

    link: str = ""
    code: str = ""

    def __repr__(self) -> str:
        """Return a text without either secret."""
        return "Reached()"


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The password that was chosen, and the digits that the authenticator shows."""

    password: str = ""
    totp_code: str = ""

    def __repr__(self) -> str:
        """Return a text without either secret."""
        return "Chosen()"


def read_reached(form: Submitted) -> tuple[Reached, Faults]:
    """Return link and code, and what is wrong with them; the whole address of the link is taken too."""
    link = form.one("link").strip().rpartition("#")[2]
    code = _digits(form.one("code"))
    faults: Faults = {}
    if not _LINK.fullmatch(link):
        faults["link"] = "Paste the link token from the e-mail. It has about 43 letters and numbers"
    if len(code) != _CODE_DIGITS or not code.isdigit():
        faults["code"] = "Enter the 8 numbers that your manager gave you"
    return Reached(link=link, code=code), faults


def read_chosen(form: Submitted) -> tuple[Chosen, Faults]:
    """Return password and digits, and what is wrong with them; how easily it is guessed is judged elsewhere."""
    said = Chosen(password=form.exact("password"), totp_code=_digits(form.one("totp-code")))
    faults: Faults = {}
    if len(said.password) < _SHORTEST_PASSWORD:
        faults["password"] = f"Enter a password of at least {_SHORTEST_PASSWORD} characters"
    elif len(said.password) > _LONGEST_PASSWORD:
        faults["password"] = f"Enter a password of at most {_LONGEST_PASSWORD} characters"
    if len(said.totp_code) != _TOTP_DIGITS or not said.totp_code.isdigit():
        faults["totp-code"] = "Enter the 6 numbers that your authenticator app shows now"
    return said, faults


def _digits(typed: str) -> str:
    text = "".join(typed.split())
    return text if text.isascii() else ""
