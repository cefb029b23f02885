"""No dead end: every refusal has a page that says what to do and whom to telephone, and never a code."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as pb
from starlette.responses import Response

from deploy.local.layout import PROJECT
from gateway.web import errors, refusals
from gateway.web.asked import Asked
from gateway.web.errors import PageError
from gateway.web.page import ANYONE, GET
from gateway.web.refusals import PAGES
from services.runtime.errors import Busy, DependencyUnavailable, Forwarded, ServiceError
from tests.unit.web.standing_alone import Pages, a_visitor

CATALOGUE = set(re.findall(r"^\| ([A-Z][A-Z_]+) \|", Path(PROJECT / "docs" / "errors.md").read_text(), re.MULTILINE))
OWN = {one.reason for one in vars(errors).values() if isinstance(one, type) and issubclass(one, PageError)}
BY_REASON = pytest.mark.parametrize("reason", sorted(PAGES))
HANDLED_BEFORE = {"SESSION_ENDED", "NOT_AUTHENTICATED", "CONDITION_LAPSED_POLICY"}
"""These lead somebody who is signed in to another page at once."""


def refuse_with(reason: str) -> ServiceError:
    return Forwarded(status="PERMISSION_DENIED", reason=reason)


def test_every_reason_of_the_catalogue_has_its_page() -> None:
    assert set(PAGES) == CATALOGUE | OWN


def test_an_unknown_reason_is_ours_to_explain() -> None:
    assert refusals.of(refuse_with("NEVER_SEEN")) is PAGES["PAGE_FAILED"]


@BY_REASON
def test_its_page_says_what_to_do_and_never_a_code(pages: Pages, make: Callable[..., Pages], reason: str) -> None:
    def refused(asked: Asked) -> Response:
        raise refuse_with(reason)

    site = make(table=(GET("/x", refused, ANYONE, "X"),))
    if reason not in HANDLED_BEFORE:
        site.sign_in()
    answer = site.get("/x")
    assert answer.status == PAGES[reason].status
    assert answer.h1 == [PAGES[reason].heading]
    assert answer.title == f"{PAGES[reason].heading} - ContactPoint"
    assert reason not in answer.text
    assert re.search(r"reference <strong>[0-9a-f]{8}</strong>", answer.text)
    # The own team's numbers, day and night, as links; the national one's where nobody is signed in.
    numbers = ("0808 157 0100", "0808 157 0199") if reason in HANDLED_BEFORE else ("0113 496 0100", "0113 496 0101")
    assert all(f'href="tel:{number.replace(" ", "")}">{number}</a>' in answer.text for number in numbers)


@BY_REASON
def test_its_words_are_whole_sentences(reason: str) -> None:
    refusal = PAGES[reason]
    assert not refusal.heading.endswith(".")
    for text in (refusal.says, refusal.next):
        assert text[0].isupper()
        assert text.endswith(".")
        assert not re.search(r"[A-Z]+_[A-Z]+|error|invalid", text)


@BY_REASON
def test_its_way_on_is_a_page(pages: Pages, reason: str) -> None:
    link = PAGES[reason].link
    assert link is None or pages.site.methods_of(link[1]).get("GET") is not None


def test_everything_down_still_shows_the_numbers(pages: Pages) -> None:
    pages.sign_in()
    for path in ("/sessions", "/own-looks"):
        answer = pages.get(path)
        assert answer.status == 503
        assert "0113 496 0101" in answer.text
    for path in ("/", "/policy", "/teams", "/about", "/still-there"):
        assert pages.get(path).status == 200


def test_a_session_that_has_ended_leads_to_sign_in_and_keeps_what_was_typed(pages: Pages) -> None:
    def ended(_: object) -> object:
        raise refuse_with("SESSION_ENDED")

    who = pages.sign_in()

    def search(asked: Asked) -> Response:
        asked.typed.keep({"surname": "Okafor"})
        asked.kept.put("record", {})
        asked.edge.sessions.ListSessions(pb.ListSessionsRequest())
        raise AssertionError

    pages.site._by_path["/x"] = {"GET": GET("/x", search, ANYONE, "X")}
    pages.edge.answers["ListSessions"] = ended
    answer = pages.get("/x")
    assert (answer.status, answer.header("location")) == (303, "/sign-in?why=ended")
    assert set(pages.held) == {"__Host-typed"}
    assert "Your session has ended" in pages.get("/sign-in?why=ended").text

    def reads(asked: Asked) -> Response:
        return Response(asked.typed.read().get("surname", "nothing"))

    pages.site._by_path["/y"] = {"GET": GET("/y", reads, ANYONE, "Y")}
    pages.sign_in(who)
    assert pages.get("/y").text == "Okafor"
    pages.sign_in(a_visitor(person_id="somebody-else"))
    assert pages.get("/y").text == "nothing"


def test_a_policy_that_changed_leads_to_the_policy_and_back(pages: Pages) -> None:
    def lapsed(_: object) -> object:
        raise refuse_with("CONDITION_LAPSED_POLICY")

    pages.sign_in()
    pages.edge.answers["ListSessions"] = lapsed
    assert pages.get("/sessions").header("location") == "/policy"
    assert pages.get("/").header("location") == "/policy"
    drawn = pages.get("/policy")
    assert drawn.status == 200
    assert pages.post("/policy", {"csrf": drawn.csrf, "act": drawn.act, "version": "1"}).status == 400
    pages.edge.answers["AcknowledgePolicy"] = lambda _: pb.AcknowledgePolicyResponse()
    form = {"csrf": drawn.csrf, "act": drawn.act, "version": "1", "read": "yes"}
    assert pages.post("/policy", form).header("location") == "/"
    assert pages.get("/").status == 200


@pytest.mark.parametrize("reason", sorted(one for one in CATALOGUE if one.startswith("CONDITION_LAPSED_")))
def test_who_is_told_which_condition_lapsed_had_both_factors_right(pages: Pages, reason: str) -> None:
    def refused(_: object) -> object:
        raise refuse_with(reason)

    pages.edge.answers["SignIn"] = refused
    form = {"csrf": pages.get("/sign-in").csrf, "username": "ada", "password": "p", "code": "123 456"}
    answer = pages.post("/sign-in", form)
    assert answer.status == 403
    assert "were right" in answer.text
    assert PAGES[reason].says.replace("’", "&#8217;") in answer.text or PAGES[reason].says in answer.text
    assert PAGES[reason].next in answer.text
    assert "__Host-session" not in pages.held


@pytest.mark.parametrize("reason", ["SIGN_IN_REFUSED", "NOT_AUTHENTICATED", "INVALID_REQUEST"])
def test_before_that_nothing_differs(pages: Pages, reason: str) -> None:
    def refused(_: object) -> object:
        raise refuse_with(reason)

    def plain(text: str) -> str:
        return re.sub(r'value="[^"]{43}"', "", text)

    pages.edge.answers["SignIn"] = refused
    form = {"csrf": pages.get("/sign-in").csrf, "username": "ada", "password": "p", "code": "123456"}
    answer = pages.post("/sign-in", form)
    assert answer.status == 401
    assert "Wait until your authenticator shows a new code" in answer.text
    pages.edge.answers["SignIn"] = lambda _: (_ for _ in ()).throw(refuse_with("SIGN_IN_REFUSED"))
    assert plain(pages.post("/sign-in", form).text) == plain(answer.text)
    assert 'value="p"' not in answer.text


def test_busy_says_when_to_come_back(pages: Pages) -> None:
    def busy(_: object) -> object:
        raise Busy

    pages.sign_in()
    pages.edge.answers["ListSessions"] = busy
    answer = pages.get("/sessions")
    assert (answer.status, answer.header("retry-after")) == (503, "1")


def test_a_desk_that_is_down_keeps_nobody_from_the_start_page(pages: Pages) -> None:
    def down(_: object) -> object:
        raise DependencyUnavailable

    pages.sign_in(a_visitor(roles=("ROLE_SHIELD_OFFICER",)))
    pages.edge.answers["CountShieldCases"] = down
    answer = pages.get("/")
    assert answer.status == 200
    assert "cannot be counted" in answer.text
