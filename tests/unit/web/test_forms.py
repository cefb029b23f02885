"""A form acts only when a page of ours, drawn for this session, sent it; whatever is absent is a refusal."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as pb

from gateway.web import submitted
from gateway.web.errors import FormUnreadable
from gateway.web.submitted import LARGEST_FORM_BYTES
from tests.unit.web.standing_alone import ORIGIN, Pages, a_visitor

ACT = "4f2ab8b2-9d2e-4d8f-a0d8-1a1a1a1a1a1a"


def token(pages: Pages) -> str:
    return pages.get("/still-there").csrf


def keeps(pages: Pages) -> None:
    pages.edge.answers["ListSessions"] = lambda _: pb.ListSessionsResponse()


def test_a_form_of_ours_acts(pages: Pages) -> None:
    pages.sign_in()
    keeps(pages)
    assert pages.post("/still-here", {"csrf": token(pages)}).status == 303
    assert len(pages.edge.calls) == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": None},
        {"origin": "null"},
        {"origin": "https://pages.test:443"},
        {"origin": "https://pages.test.evil.example"},
        {"origin": f"{ORIGIN}, {ORIGIN}"},
        {"origin": "http://pages.test"},
        {"sec_fetch_site": None},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "none"},
        {"sec_fetch_dest": "iframe"},
        {"sec_purpose": "prefetch"},
        {"host": "evil.example"},
        {"content_type": "text/plain"},
        {"content_type": "multipart/form-data; boundary=x"},
        {"content_type": None},
        {"content_length": "x"},
        {"transfer_encoding": "chunked"},
        {"transfer_encoding": "chunked", "content_length": None},
    ],
)
def test_a_form_from_elsewhere_does_nothing(pages: Pages, headers: dict[str, str | None]) -> None:
    pages.sign_in()
    keeps(pages)
    answer = pages.post("/still-here", {"csrf": token(pages)}, **headers)
    assert answer.status in (400, 403, 421)
    assert pages.edge.calls == []


@pytest.mark.parametrize("changed", ["", "x", "é", "A" * 43])
def test_a_wrong_token_does_nothing(pages: Pages, changed: str) -> None:
    pages.sign_in()
    keeps(pages)
    assert pages.post("/still-here", {"csrf": changed}).status == 403
    assert pages.post("/still-here", {}).status == 403
    assert pages.edge.calls == []


def test_anothers_token_does_nothing(pages: Pages, make: Callable[..., Pages]) -> None:
    other = make()
    other.sign_in(a_visitor(tag="1b0c7a52-93f5-4f2d-8a50-0d9a3f9f4b11"))
    pages.sign_in()
    keeps(pages)
    assert pages.post("/still-here", {"csrf": token(other)}).status == 403
    assert pages.edge.calls == []


def test_a_token_from_before_sign_in_is_worth_nothing_after_it(pages: Pages) -> None:
    before = pages.get("/sign-in").csrf
    pages.sign_in()
    keeps(pages)
    assert pages.post("/still-here", {"csrf": before}).status == 403


def test_sign_in_needs_a_token_of_this_browser(pages: Pages, make: Callable[..., Pages]) -> None:
    form: dict[str, Any] = {"username": "ada", "password": "p", "code": "123456"}
    assert pages.post("/sign-in", form).status == 403
    assert pages.post("/sign-in", {**form, "csrf": make().get("/sign-in").csrf}).status == 403
    assert pages.edge.calls == []
    # The edge is down, and was asked.
    assert pages.post("/sign-in", {**form, "csrf": pages.get("/sign-in").csrf}).status == 503
    assert len(pages.edge.calls) == 1


@pytest.mark.parametrize(
    "content, status",
    [
        (b"csrf=%s&x=" + b"y" * LARGEST_FORM_BYTES, 413),
        (b"csrf=%s" + b"&x=1" * 101, 400),
        (b"csrf=%s&x=%%ff", 400),
        (b"csrf=%s&x=%%00", 400),
        (b"csrf=%s&x=" + b"y" * 4001, 400),
        (b"csrf=%s&" + b"x" * 65 + b"=1", 400),
        ("csrf=%s&x=é".encode("latin-1"), 400),
    ],
)
def test_what_no_form_of_ours_sends_is_refused(pages: Pages, content: bytes, status: int) -> None:
    pages.sign_in()
    keeps(pages)
    assert pages.post("/still-here", content % token(pages).encode()).status == status
    assert pages.edge.calls == []


def test_a_body_longer_than_it_said_is_refused(pages: Pages) -> None:
    pages.sign_in()
    keeps(pages)
    body = b"csrf=" + token(pages).encode() + b"&x=" + b"y" * LARGEST_FORM_BYTES
    assert pages.post("/still-here", body, content_length="10").status == 413


def test_a_double_press_carries_the_same_act(pages: Pages) -> None:
    pages.sign_in()
    pages.edge.answers["ListSessions"] = lambda _: pb.ListSessionsResponse()
    pages.edge.answers["EndSessions"] = lambda _: pb.EndSessionsResponse()
    drawn = pages.get("/sessions")
    form = {"csrf": drawn.csrf, "act": drawn.act, "tag": ACT}
    pages.post("/sessions", form)
    pages.post("/sessions", form)
    acts = [call for call in pages.edge.calls if call.method.endswith("EndSessions")]
    assert len({call.request.idempotency_key for call in acts}) == 1
    assert all(call.idempotent for call in acts)


def test_an_act_without_its_key_is_refused(pages: Pages) -> None:
    pages.sign_in()
    assert pages.post("/sessions", {"csrf": token(pages), "tag": ACT, "act": "1"}).status == 400
    assert pages.edge.calls == []


def test_values_are_one_form_of_unicode_and_passwords_are_as_typed() -> None:
    found = submitted.read(b"name=+Si%61%CC%82n+&password=+a%20&tick=1&tick=2")
    assert (found.one("name"), found.exact("password"), found.every("tick")) == ("Siân", " a ", ["1", "2"])
    assert found.one("absent") == ""
    assert repr(found) == "Submitted()"


@pytest.mark.parametrize("unseen", ["\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\u200f", "\U000e0041"])
def test_what_nobody_sees_is_no_part_of_a_value(unseen: str) -> None:
    found = submitted.read(f"name=A{quote(unseen)}da&password=A{quote(unseen)}".encode())
    assert found.one("name") == found.every("name")[0] == found.as_typed()["name"] == "Ada"
    assert found.exact("password") == f"A{unseen}"


def test_control_characters_are_no_value() -> None:
    with pytest.raises(FormUnreadable):
        submitted.read(b"name=a%1Bb")
