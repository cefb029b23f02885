"""A mediator looks for a colleague: every page says for whom, until it ends."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from contactpoint.identity.v1 import identity_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from services.runtime.errors import Forwarded
from tests.unit.web.pages.presses import press, see
from tests.unit.web.standing_alone import NOW, Pages, a_visitor

TYPED = {"colleague": "Nurse", "called-back": "yes"}
BANNER = "You are looking for <strong>Grace Okonjo</strong>, Leeds Community Health, until 10:45am"


@pytest.fixture(autouse=True)
def signed_in(pages: Pages) -> None:
    pages.sign_in(a_visitor(roles=("ROLE_MEDIATOR",)))
    until = Timestamp()
    until.FromDatetime(NOW + timedelta(minutes=15))
    pages.edge.answers["BeginMediation"] = lambda _: pb.BeginMediationResponse(
        colleague_name="Grace Okonjo", organisation_name="Leeds Community Health", until=until
    )
    pages.edge.answers["EndMediation"] = lambda _: pb.EndMediationResponse()


def _asked(pages: Pages, method: str) -> list[Any]:
    return [call.request for call in pages.edge.calls if call.method.endswith(f"/{method}")]


def test_every_page_says_for_whom(pages: Pages) -> None:
    shown = press(pages, see(pages, "/mediation"), "Look for this colleague", TYPED)
    (request,) = _asked(pages, "BeginMediation")
    assert (request.colleague_username, request.called_back) == ("nurse", True)
    assert shown.path == "/search"
    for path in ("/search", "/mediation", "/about", "/own-looks"):
        assert BANNER in pages.get(path).text, path


def test_it_is_over_after_its_time(pages: Pages) -> None:
    press(pages, see(pages, "/mediation"), "Look for this colleague", TYPED)
    pages.clock.at = NOW + timedelta(minutes=15)
    # The session went on being used.
    pages.sign_in(a_visitor(roles=("ROLE_MEDIATOR",), used_at=pages.clock.at))
    assert BANNER not in pages.get("/search").text
    assert "First name your colleague" in see(pages, "/search").text


def test_another_session_does_not_look_for_the_same_colleague(pages: Pages) -> None:
    press(pages, see(pages, "/mediation"), "Look for this colleague", TYPED)
    pages.sign_in(a_visitor(roles=("ROLE_MEDIATOR",), tag="1b0c7a52-93f5-4f2d-8a50-0d9a3f9f4b11"))
    assert BANNER not in pages.get("/search").text


def test_ending_it_forgets_what_was_searched(pages: Pages) -> None:
    shown = press(pages, see(pages, "/mediation"), "Look for this colleague", TYPED)
    after = press(pages, shown, "End it")
    assert after.path == "/mediation"
    assert len(_asked(pages, "EndMediation")) == 1
    assert BANNER not in after.answer.text
    assert not any(name.startswith(("__Host-page-", "__Host-typed", "__Host-mediation")) for name in pages.held)


def test_a_colleague_who_was_not_called_back_is_not_named(pages: Pages) -> None:
    shown = press(pages, see(pages, "/mediation"), "Look for this colleague", {"colleague": "nurse"})
    assert "#called-back" in shown.links
    assert shown.values_of("colleague") == ["nurse"]
    assert _asked(pages, "BeginMediation") == []


def test_a_colleague_who_cannot_be_helped_is_asked_again(pages: Pages) -> None:
    def refuse(_: object) -> None:
        raise Forwarded(status="FAILED_PRECONDITION", reason="COLLEAGUE_REFUSED")

    pages.edge.answers["BeginMediation"] = refuse
    shown = press(pages, see(pages, "/mediation"), "Look for this colleague", TYPED)
    assert "#colleague" in shown.links
    assert "You cannot look for this colleague" in shown.text


def test_without_a_colleague_a_search_leads_to_naming_one(pages: Pages) -> None:
    def refuse(_: object) -> None:
        raise Forwarded(status="FAILED_PRECONDITION", reason="MEDIATION_NEEDED")

    pages.edge.answers["SearchChildren"] = refuse
    typed = {"surname": "Rookwood", "born-day": "4", "born-month": "3", "born-year": "2021"}
    shown = press(pages, see(pages, "/search"), "Search", typed)
    assert shown.h1 == "Say first for whom you look"
    assert "/mediation" in shown.links


def test_practitioners_have_no_such_page(pages: Pages) -> None:
    pages.sign_in()
    assert pages.get("/mediation").status == 403
