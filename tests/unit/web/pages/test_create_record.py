"""A record is created once, from a search, and what was typed survives every refusal that may pass."""

from __future__ import annotations

from typing import Any

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from services.runtime.errors import BeingChanged, DependencyUnavailable, Forwarded, InvalidRequest, ServiceError
from tests.unit.web.pages import children
from tests.unit.web.pages.presses import Shown, press, see
from tests.unit.web.standing_alone import Pages

SEARCH = {"surname": "Zarghuna", "born-day": "5", "born-month": "6", "born-year": "2018"}
TYPED = {"gender": "not-specified", "address": "none-known", "carer-1-name": "Mair Hughes", "is-estimated": "yes"}


@pytest.fixture(autouse=True)
def signed_in(pages: Pages) -> None:
    pages.sign_in()
    pages.edge.answers["SearchChildren"] = lambda _: children.found()
    pages.edge.answers["CreateChild"] = lambda _: pb.CreateChildResponse(number=children.NUMBER, handle=children.HANDLE)


def _form(pages: Pages) -> Shown:
    return press(pages, press(pages, see(pages, "/search"), "Search", SEARCH), "Create a record from this search")


def _refusing(pages: Pages, refusal: ServiceError) -> None:
    def refuse(_: object) -> None:
        raise refusal

    pages.edge.answers["CreateChild"] = refuse


def _asked(pages: Pages, method: str = "CreateChild") -> list[Any]:
    return [call.request for call in pages.edge.calls if call.method.endswith(f"/{method}")]


def test_a_record_is_created_from_little(pages: Pages) -> None:
    shown = press(pages, _form(pages), "Create the record", TYPED)
    (request,) = _asked(pages)
    assert request.search_handle == b"s" * 64
    assert request.name == pb.ChildName(single="Zarghuna")
    assert request.date_of_birth == pb.DateOfBirth(year=2018, month=6, day=5, is_estimated=True)
    assert request.address.state == pb.ADDRESS_STATE_NONE_KNOWN
    assert [carer.name for carer in request.carers] == ["Mair Hughes"]
    assert shown.h1 == "Record created"
    assert "62497 68358" in shown.text
    assert "5 June 2018 (estimated)" in shown.text
    assert press(pages, shown, "Record that you work with this child").path.startswith("/involvement/team?page=")


def test_the_form_is_gone_once_the_record_is_there(pages: Pages) -> None:
    form = _form(pages)
    press(pages, form, "Create the record", TYPED)
    assert see(pages, form.path).answer.status == 410


def test_another_carer_is_asked_for_without_losing_anything(pages: Pages) -> None:
    form = _form(pages)
    shown = press(pages, form, "Add another parent or carer", TYPED)
    assert shown.values_of("carer-1-name") == ["Mair Hughes"]
    assert shown.values_of("carer-2-name") == [""]
    assert shown.values_of("act")[-1] == form.values_of("act")[-1]
    assert _asked(pages) == []


@pytest.mark.parametrize("refusal", [BeingChanged(), DependencyUnavailable()])
def test_what_may_pass_is_sent_again_as_the_same_act(pages: Pages, refusal: ServiceError) -> None:
    _refusing(pages, refusal)
    form = _form(pages)
    shown = press(pages, form, "Create the record", TYPED)
    assert shown.answer.status == 503
    assert shown.values_of("carer-1-name") == ["Mair Hughes"]
    assert "#send" in shown.links
    press(pages, shown, "Create the record", TYPED)
    first, second = _asked(pages)
    assert first == second


def test_an_act_that_was_given_up_is_sent_again_as_a_new_one(pages: Pages) -> None:
    _refusing(pages, Forwarded(status="ABORTED", reason="ACT_GIVEN_UP"))
    form = _form(pages)
    shown = press(pages, form, "Create the record", TYPED)
    press(pages, shown, "Create the record", TYPED)
    first, second = _asked(pages)
    assert first.idempotency_key != second.idempotency_key


def test_what_the_service_finds_wrong_is_said_at_its_field(pages: Pages) -> None:
    _refusing(pages, InvalidRequest([("carers[0].name", "LOOKS_LIKE_A_NOTE"), ("address.lines[1]", "HOLDS_A_LINK")]))
    shown = press(pages, _form(pages), "Create the record", TYPED)
    assert {"#carer-1-name", "#line-2"} <= set(shown.links)
    assert shown.values_of("carer-1-name") == ["Mair Hughes"]


def test_a_search_that_is_too_old_is_made_again_and_the_form_kept(pages: Pages) -> None:
    _refusing(pages, Forwarded(status="FAILED_PRECONDITION", reason="SEARCH_NEEDED"))
    form = _form(pages)
    pages.edge.answers["SearchChildren"] = lambda _: pb.SearchChildrenResponse(search_handle=b"t" * 64)
    shown = press(pages, form, "Create the record", TYPED)
    assert "more than 10 minutes old" in shown.text
    assert shown.values_of("carer-1-name") == ["Mair Hughes"]
    press(pages, shown, "Create the record", TYPED)
    assert [request.search_handle[:1] for request in _asked(pages)] == [b"s", b"t"]


def test_a_child_who_is_there_by_now_is_shown_instead(pages: Pages) -> None:
    _refusing(pages, Forwarded(status="FAILED_PRECONDITION", reason="SEARCH_NEEDED"))
    form = _form(pages)
    pages.edge.answers["SearchChildren"] = lambda _: children.found(children.row())
    assert press(pages, form, "Create the record", TYPED).h1 == "Children found"
