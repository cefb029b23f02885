"""The table of pages: who may see each is said, none comes or goes unnoticed, and the pages keep to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.web.page import Page
from gateway.web.urls import TABLE
from services.runtime.access import permissions_of, whole_table
from tests.pages.plain import Plain
from tests.pages.signed_in import signed_in
from tests.support.town import Town

_LISTED = Path(__file__).with_name("urls.txt")
_PATH = re.compile(r"/[a-z.-]*(/[a-z.-]+)*")
_EVERY_PAGE = {
    "cache-control": "no-store",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
_NEVER_IN_POLICY = ("unsafe-inline", "unsafe-eval", "http:", "*", "data:", "blob:")


def test_no_address_appears_or_disappears_unnoticed() -> None:
    # Whoever adds a page adds its line: somebody then reads who may see it.
    assert sorted(_line(page) for page in TABLE) == sorted(_LISTED.read_text("utf-8").splitlines())


def test_every_page_says_who_may_see_it() -> None:
    known = {one.permission for one in whole_table() if one.permission}
    for page in TABLE:
        assert page.who.is_public or page.who.permissions <= known, page.path
        assert not (page.who.is_public and page.who.permissions), page.path
        assert page.title, page.path


def test_no_address_has_room_for_a_child() -> None:
    for page in TABLE:
        assert _PATH.fullmatch(page.path), page.path


@pytest.mark.timeout(300)
def test_whoever_may_not_see_a_page_does_not(town: Town, origin: str) -> None:
    stranger = Plain(origin, town.suite.ca)
    nurse = signed_in(town, "nurse")
    may = {permission for role in ("ROLE_PRACTITIONER",) for permission in permissions_of(role)}
    for page in _pages("GET"):
        if not page.who.is_public:
            answer = stranger.get(page.path)
            assert answer.status in {303, 401, 403}, page.path
            assert "cp-seen" not in answer.text, page.path
        if page.who.permissions and not page.who.permissions & may:
            assert nurse.get(page.path).status == 403, page.path


@pytest.mark.timeout(300)
def test_every_answer_carries_the_headers(town: Town, origin: str) -> None:
    nurse, stranger = signed_in(town, "nurse"), Plain(origin, town.suite.ca)
    for visitor in (nurse, stranger):
        for path in [*(page.path for page in _pages("GET")), "/nowhere", "/record?page=gone"]:
            answer = visitor.get(path)
            found = {name: answer.headers.get(name) for name in _EVERY_PAGE}
            assert found == _EVERY_PAGE, path
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy, path
            assert "frame-ancestors 'none'" in policy, path
            assert not [word for word in _NEVER_IN_POLICY if word in policy], path
            assert "max-age=" in answer.headers["strict-transport-security"], path
            assert "server" not in answer.headers, path


def test_cookies_are_ours_alone(town: Town, origin: str) -> None:
    nurse = Plain(origin, town.suite.ca)
    lines = list(nurse.get("/sign-in").cookies)
    lines += signed_in(town, "nurse", nurse).last_cookies
    assert any(line.startswith("__Host-session=") for line in lines)
    for line in lines:
        attributes = {part.strip().lower() for part in line.split(";")[1:]}
        assert line.startswith("__Host-"), line
        assert {"path=/", "secure", "httponly", "samesite=strict"} <= attributes, line
        assert not [one for one in attributes if one.startswith("domain")], line


def _pages(method: str) -> Iterator[Page]:
    yield from (page for page in TABLE if page.method == method)


def _line(page: Page) -> str:
    who = "anyone" if page.who.is_public else " or ".join(sorted(page.who.permissions)) or "signed in"
    return f"{page.method:4} {page.path:26} {who}"
