"""A form is taken only from our own page of this very session; a double press is one act; two tabs are two children."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest
from contactpoint.audit.review.v1 import review_service_pb2 as review

from deploy.local.population.story_searches import exact
from gateway.web.urls import TABLE
from tests.pages import steps
from tests.pages.person import Person, person_in
from tests.pages.plain import Plain, hidden_fields
from tests.pages.signed_in import signed_in
from tests.support.town import Town

pytestmark = pytest.mark.timeout(300)
_POSTS = sorted({page.path for page in TABLE if page.method == "POST"})
_ELSEWHERE: dict[str, dict[str, str | None]] = {
    "another origin": {"Origin": "https://stranger.test"},
    "another port": {"Origin": "https://localhost:1"},
    "no origin": {"Origin": None},
    "a null origin": {"Origin": "null"},
    "two origins": {"Origin": "https://localhost, https://stranger.test"},
    "another site": {"Sec_Fetch_Site": "cross-site"},
    "the same site": {"Sec_Fetch_Site": "same-site"},
    "typed by hand": {"Sec_Fetch_Site": "none"},
    "no word of where from": {"Sec_Fetch_Site": None},
}


@pytest.fixture(scope="module")
def nurse(town: Town) -> Plain:
    """Return a nurse who has signed in, without a browser."""
    return signed_in(town, "nurse")


@pytest.mark.parametrize("path", _POSTS)
def test_a_form_without_our_token_is_refused(nurse: Plain, town: Town, origin: str, path: str) -> None:
    stranger = Plain(origin, town.suite.ca)
    anothers = stranger.get("/sign-in").token
    for token in ({}, {"csrf": ""}, {"csrf": "x" * 43}, {"csrf": anothers}):
        before = dict(nurse.held)
        answer = nurse.post(path, {**token, "act": str(uuid.uuid4())})
        assert answer.status == 403, (path, token)
        assert nurse.held.keys() == before.keys(), path


@pytest.mark.parametrize("whence", _ELSEWHERE)
def test_a_form_from_elsewhere_is_refused(nurse: Plain, whence: str) -> None:
    token = nurse.get("/search").token
    form = {"csrf": token, "surname": "Smith", "given-names": "Ann", "born-year": "2015"}
    assert nurse.post("/search", form).status == 303
    assert nurse.post("/search", form, **_ELSEWHERE[whence]).status == 403


def test_another_address_of_ours_is_refused(nurse: Plain) -> None:
    assert nurse.get("/", Host="127.0.0.1").status == 421


def test_a_page_is_not_shown_in_a_frame_or_before_it_is_wanted(nurse: Plain) -> None:
    for headers in ({"Sec_Fetch_Dest": "iframe"}, {"Sec_Fetch_Dest": "object"}, {"Sec_Purpose": "prefetch"}):
        assert nurse.get("/search", **headers).status == 403, headers


def test_a_double_press_is_one_act(town: Town) -> None:
    account = town.newcomer()
    nurse, found = signed_in(town, account.username), town.new_child(town.seat("nurse"))
    born = found.query.date_of_birth
    assert born is not None
    form = {
        "csrf": nurse.get("/search").token,
        "surname": found.query.surname,
        "given-names": found.query.given_names,
        "born-day": str(born.day),
        "born-month": str(born.month),
        "born-year": str(born.year),
    }
    results = nurse.get(nurse.post("/search", form).location)
    child = results.text.partition('name="child" value="')[2].partition('"')[0]
    page = nurse.get(nurse.post("/request-shield", {"csrf": results.token, "child": child}).location)
    fields = {**hidden_fields(page.text), "ground": "ADOPTION"}
    # The browser sends what it held when the button was pressed, twice.
    held = dict(nurse.held)
    first = nurse.post("/request-shield/answer", fields)
    nurse.held = held
    second = nurse.post("/request-shield/answer", fields)
    assert first.location == second.location == "/request-shield/done"
    seat = town.seat(account.username)
    looks = seat.outside.call(seat.outside.review.ListOwnLooks, review.ListOwnLooksRequest()).looks
    assert [look.act.rpartition("/")[2] for look in looks].count("RequestShield") == 1


def test_two_tabs_show_two_children(person: Callable[..., Person], town: Town) -> None:
    one, two = town.living.story.unique, town.living.story.worried_about
    first = person()
    first.signs_in("nurse")
    second = person_in(first.page.context, town)
    second.goes("/")
    steps.search(first, exact(one))
    steps.search(second, exact(two))
    first.presses("Open", exact=False)
    second.presses("Open", exact=False)
    for window, child in ((first, one), (second, two), (first, one)):
        if window.heading != "Who works with this child":
            steps.give_reason(window)
        else:
            window.page.reload()
        window.sees(child.name.surname)
    assert two.name.surname not in first.page.content()
    assert one.name.surname not in second.page.content()
