"""The procedure that every request passes: addresses, headers, crashes, sign-out, idleness."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.page import ANYONE, GET
from gateway.web.security import PAGE_HEADERS
from gateway.web.urls import TABLE
from gateway.web.visitor import Visitor
from services.runtime.telemetry import JsonLines
from tests.unit.web.standing_alone import NOW, Answer, Pages, a_visitor

EVERYWHERE = ("/", "/sign-in", "/nope", "/sign-out", "/about", "/assets/nope.css", "/own-looks", "/start")


@pytest.mark.parametrize("path", EVERYWHERE)
@pytest.mark.parametrize("is_signed_in", [False, True])
def test_every_answer_has_the_headers(pages: Pages, path: str, is_signed_in: bool) -> None:
    if is_signed_in:
        pages.sign_in()
    answer = pages.get(path)
    for name, value in PAGE_HEADERS.items():
        assert answer.header(name.lower()) == value, name
    assert answer.header("server") is None
    assert "'unsafe" not in (answer.header("content-security-policy") or "")


def test_a_style_is_for_ever_and_compressed(pages: Pages) -> None:
    answer = pages.get("/assets/icon-3.svg")
    assert answer.header("cache-control") == "public, max-age=31536000, immutable"
    assert answer.header("cross-origin-resource-policy") == "same-origin"
    assert answer.header("set-cookie") is None
    assert (
        pages.ask("HEAD", "/assets/icon-3.svg", headers={"accept-encoding": "gzip, br"}).header("content-encoding")
        == "gzip"
    )


@pytest.mark.parametrize(
    "path", ["/assets/manifest.json", "/assets/../manifest.json", "/assets//etc/passwd", "/assets/"]
)
def test_nothing_but_what_was_built_is_sent(pages: Pages, path: str) -> None:
    assert pages.get(path).status == 404


@pytest.mark.parametrize("path", ["/nope", "/Sign-in", "/sign-in/", "//", "/sign-in.html", "/%2e"])
def test_there_is_no_other_address(pages: Pages, path: str) -> None:
    answer = pages.get(path)
    assert (answer.status, answer.h1) == (404, ["Page not found"])
    pages.sign_in()
    assert "0113 496 0100" in pages.get(path).text


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"])
def test_there_is_no_other_method(pages: Pages, method: str) -> None:
    answer = pages.ask(method, "/sign-in")
    assert (answer.status, answer.header("allow")) == (405, "GET, POST")


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_dest": "iframe"},
        {"sec_fetch_dest": "object"},
        {"sec_purpose": "prefetch;prerender"},
        {"sec_purpose": "Prefetch"},
        {"x_moz": "prefetch"},
        # Whatever draws a look writes an entry, so a picture, a script, or a fetch of our own pages draws nothing.
        {"sec_fetch_site": "same-origin", "sec_fetch_dest": "image"},
        {"sec_fetch_site": "same-origin", "sec_fetch_dest": "empty"},
        {"sec_fetch_site": "same-origin", "sec_fetch_dest": "script"},
    ],
)
def test_another_site_learns_the_same_whoever_is_signed_in(pages: Pages, headers: dict[str, str]) -> None:
    out = pages.get("/own-looks", **headers)
    pages.sign_in()
    # Though the browser should not have sent it: SameSite is not the only guard.
    answer = pages.get("/own-looks", **headers)
    assert (out.status, answer.status) == (403, 403)
    assert answer.h1 == out.h1 == ["Go on to ContactPoint"]
    assert "Siân" not in answer.text
    assert pages.edge.calls == []


@pytest.mark.parametrize("site", [None, "none", "same-origin"])
def test_the_person_comes_in_by_a_typed_address(pages: Pages, site: str | None) -> None:
    pages.sign_in()
    assert pages.get("/policy", sec_fetch_site=site).status == 200
    assert pages.get("/policy", sec_fetch_site=site, sec_fetch_dest="document").status == 200


def test_a_link_from_a_mail_goes_on_by_a_step_of_our_own(pages: Pages) -> None:
    out = pages.get("/start", sec_fetch_site="cross-site")
    assert (out.status, out.header("refresh")) == (200, "0; url=/")


def test_a_wrong_host_is_told_the_right_one(pages: Pages) -> None:
    answer = pages.get("/", host="127.0.0.1")
    assert answer.status == 421
    assert "https://pages.test/start" in answer.text


def test_a_crash_tells_a_reference_and_nothing_else(
    make: Callable[..., Pages], caplog: pytest.LogCaptureFixture
) -> None:
    def crashes(_: Asked) -> Response:
        raise KeyError("Ada Lovelace 2010-01-01")

    pages = make(table=(GET("/x", crashes, ANYONE, "X"),))
    with caplog.at_level(logging.INFO):
        answer = pages.get("/x")
    assert (answer.status, answer.h1) == (500, ["Something went wrong"])
    (record,) = [record for record in caplog.records if record.msg == "page_failed"]
    line = JsonLines("gateway.web").format(record)
    assert record.__dict__["reference"] in answer.text
    assert "Lovelace" not in answer.text + line
    assert '"error_type":"KeyError"' in line


def test_more_pages_than_can_be_drawn_are_refused_at_once(make: Callable[..., Pages]) -> None:
    goes_on = threading.Event()

    def waits(_: Asked) -> Response:
        goes_on.wait(5)
        return Response("drawn")

    pages = make(table=(*TABLE, GET("/x", waits, ANYONE, "X")), workers=1, waiting=1)
    answers: list[Answer] = []
    asking = [threading.Thread(target=lambda: answers.append(pages.get("/x"))) for _ in range(2)]
    for one in asking:
        one.start()
    while pages.app._workers_for_strangers.busy < 2:
        time.sleep(0.01)
    assert pages.get("/x").status == 503
    # Who is signed in is not kept from a child by a flood of strangers.
    pages.sign_in()
    assert pages.get("/policy").status == 200
    pages.held.clear()
    goes_on.set()
    for one in asking:
        one.join()
    assert [answer.status for answer in answers] == [200, 200]
    assert pages.get("/x").status == 200


def test_a_refusal_that_cannot_be_drawn_still_says_whom_to_telephone(
    make: Callable[..., Pages], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = make()

    def broken(*_: object, **__: object) -> Response:
        raise RuntimeError("Ada")

    monkeypatch.setattr(Asked, "show", broken)
    answer = pages.get("/nope")
    assert answer.status == 500
    assert "0808 157 0100" in answer.text
    assert "Ada" not in answer.text


def test_signing_out_clears_everything_even_when_nobody_answers(pages: Pages) -> None:
    for has_answer in (True, False):
        pages.sign_in()
        if has_answer:
            pages.edge.answers["SignOut"] = lambda _: pb.SignOutResponse()
        else:
            pages.edge.answers.clear()
        drawn = pages.get("/policy")
        pages.held |= {"__Host-mediation": "of a colleague", "__Host-typed": "a child", "__Host-page-x": "another"}
        answer = pages.post("/sign-out", {"csrf": drawn.csrf, "act": drawn.act})
        assert answer.header("location") == ("/signed-out" if has_answer else "/signed-out?yet=no")
        # Not "cookies": other services of the same domain would be signed out too. So ours go one by one.
        assert answer.header("clear-site-data") == '"cache", "storage"'
        assert pages.held == {}
    assert "by itself" in pages.get("/signed-out?yet=no").text
    # A page that anybody can be led to must not sign anybody out.
    assert pages.get("/signed-out").header("clear-site-data") is None


def test_the_handle_goes_to_the_edge_and_never_to_the_browser(pages: Pages) -> None:
    who = pages.sign_in()
    pages.edge.answers["ListSessions"] = lambda _: pb.ListSessionsResponse()
    answer = pages.get("/sessions")
    assert pages.edge.calls[0].metadata == [("authorization", f"Bearer {who.handle}")]
    everything = answer.text + repr(answer.headers) + repr(pages.held)
    assert who.handle not in everything


def test_a_session_cookie_that_was_changed_is_none(pages: Pages) -> None:
    pages.sign_in()
    pages.held["__Host-session"] = pages.held["__Host-session"][:-2] + "AA"
    assert pages.get("/policy").header("location") == "/sign-in"


def test_a_session_past_its_end_is_none(pages: Pages) -> None:
    pages.sign_in()
    pages.clock.at = NOW + timedelta(hours=12)
    assert pages.get("/policy").header("location") == "/sign-in"


@pytest.mark.parametrize("minutes, refresh", [(0, 900 - 60 - 120), (10, 900 - 660 - 120), (13.9, 5)])
def test_idleness_counts_from_the_last_answered_call(pages: Pages, minutes: float, refresh: int) -> None:
    pages.sign_in()
    pages.clock.at = NOW + timedelta(minutes=minutes)
    answer = pages.get("/policy")
    assert f'<noscript><meta http-equiv="refresh" content="{refresh}; url=/still-there"></noscript>' in answer.text


def test_after_its_idle_end_nothing_is_drawn_from_what_the_browser_holds(pages: Pages) -> None:
    pages.sign_in()
    pages.held["__Host-page-x"] = pages.held["__Host-mediation"] = "of this session"
    pages.clock.at = NOW + timedelta(minutes=14)
    answer = pages.get("/policy")
    assert (answer.status, answer.header("location")) == (303, "/sign-in?why=ended")
    assert pages.held == {}
    # Nobody had to be asked.
    assert pages.edge.calls == []


def test_one_press_keeps_the_session(pages: Pages) -> None:
    pages.sign_in()
    pages.clock.at = NOW + timedelta(minutes=13)
    drawn = pages.get("/still-there")
    assert "in 1 minute." in drawn.text
    assert pages.edge.calls == []
    pages.edge.answers["ListSessions"] = lambda _: pb.ListSessionsResponse()
    answer = pages.post("/still-here", {"csrf": drawn.csrf, "quiet": "yes"})
    assert (answer.status, answer.header("x-idle-seconds")) == (204, "900")
    assert 'data-idle-seconds="900"' in pages.get("/policy").text


def test_a_refused_call_keeps_nothing_alive(pages: Pages) -> None:
    pages.sign_in()
    pages.clock.at = NOW + timedelta(minutes=13)
    assert pages.get("/sessions").status == 503
    assert 'data-idle-seconds="60"' in pages.get("/policy").text


def test_nobody_is_shown_by_chance() -> None:
    who: Visitor = a_visitor()
    assert who.handle not in repr(who)
    assert who.name not in repr(who)
