"""The table of pages: each says who may see it, and nobody else gets anything of it."""

import re

import pytest

from gateway.web.page import ANYONE, SIGNED_IN, Page, Who
from gateway.web.urls import TABLE
from services.runtime.access import every_role, permissions_of
from tests.unit.web.standing_alone import Pages, a_visitor

PERMISSIONS = {permission for role in every_role() for permission in permissions_of(role)}
ADDRESS = re.compile(r"/|(/[a-z]+(-[a-z]+)*)+")
BY_ROW = pytest.mark.parametrize("page", TABLE, ids=lambda page: f"{page.method} {page.path}")
MUST_BE_PUBLIC = {"/start", "/sign-in", "/signed-out", "/about", "/teams", "/accessibility", "/cookies"}
MAY_ACT_WITHOUT_A_SESSION = {"/sign-in", "/enrol", "/enrol/set-up"}


@BY_ROW
def test_it_says_who_may_see_it(page: Page) -> None:
    assert isinstance(page.who, Who)
    assert page.who in (ANYONE, SIGNED_IN) or page.who.permissions
    assert page.who.permissions <= PERMISSIONS, "a permission that no role grants"


@BY_ROW
def test_its_address_is_plain_and_its_title_is_there(page: Page) -> None:
    assert ADDRESS.fullmatch(page.path) or page.path == "/.well-known/security.txt"  # RFC 9116 names it
    assert page.title.strip() == page.title != ""


def test_no_address_stands_twice() -> None:
    rows = [(page.path, page.method) for page in TABLE]
    assert len(rows) == len(set(rows))


def test_what_helps_when_all_is_down_is_for_anyone() -> None:
    public = {page.path for page in TABLE if page.who is ANYONE and page.method == "GET"}
    assert public >= MUST_BE_PUBLIC


def test_who_is_not_signed_in_can_do_nothing_but_come_in() -> None:
    acting = {page.path for page in TABLE if page.who is ANYONE and page.method == "POST"}
    assert acting <= MAY_ACT_WITHOUT_A_SESSION


def test_only_what_leads_to_the_policy_comes_before_it() -> None:
    assert {page.path for page in TABLE if page.before_policy} == {"/policy", "/sign-out", "/still-here"}


@BY_ROW
def test_without_a_session_it_asks_to_sign_in_and_calls_nobody(pages: Pages, page: Page) -> None:
    if page.who.is_public:
        pytest.skip("for anyone")
    answer = pages.get(page.path) if page.method == "GET" else pages.post(page.path, {})
    assert answer.status in (303, 401)
    assert pages.edge.calls == []


HIDDEN = [
    (page, role)
    for page in TABLE
    for role in every_role()
    if page.who.permissions and not page.who.permissions & permissions_of(role)
]


@pytest.mark.parametrize("page, role", HIDDEN, ids=lambda one: one.path if isinstance(one, Page) else one)
def test_another_role_is_told_whom_to_ask_and_nothing_else(pages: Pages, page: Page, role: str) -> None:
    pages.sign_in(a_visitor(roles=(role,)))
    token = pages.get("/still-there").csrf
    answer = pages.get(page.path) if page.method == "GET" else pages.post(page.path, {"csrf": token})
    assert answer.status == 403
    assert answer.h1 == ["You may not see this page"]
    assert "0113 496 0100" in answer.text
    assert pages.edge.calls == []


def test_the_menu_has_what_the_role_may_see(pages: Pages) -> None:
    for role in every_role():
        shown = pages.site.menu_of(a_visitor(roles=(role,)))
        assert all(page.who.includes(a_visitor(roles=(role,))) for page in shown)
    assert pages.site.menu_of(None) == []


def test_telemetry_names_pages_and_nothing_else() -> None:
    names = [page.name for page in TABLE]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"/contactpoint\.web\.Pages/[A-Z][A-Za-z]+", name) for name in names)
