"""Somebody signed in without a browser, by the form of the page."""

from __future__ import annotations

from tests.pages.plain import Plain
from tests.support.town import Town


def signed_in(town: Town, username: str, client: Plain | None = None) -> Plain:
    """Return a client in whose cookies this person is signed in."""
    found = client or Plain(str(town.suite.endpoints()["web"]), town.suite.ca)
    account = town.cast.accounts[username]
    town.give_codes_back(account)
    form = {
        "csrf": found.get("/sign-in").token,
        "username": account.username,
        "password": account.password,
        "code": account.code(),
    }
    answer = found.post("/sign-in", form)
    assert (answer.status, answer.location) == (303, "/"), answer.status
    return found
