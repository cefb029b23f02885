"""The list "My children": each ticked row is an act of its own, and what was not done is said row by row."""

from __future__ import annotations

from typing import Any

import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb

from services.runtime.errors import BeingChanged, NotFound, NotPermitted
from tests.unit.web.pages import children
from tests.unit.web.pages.presses import Shown, press, see
from tests.unit.web.standing_alone import Pages

IDS = [f"5f0b1a52-3a53-4ab5-a1d5-1c6d6f5f2b{place:02d}" for place in range(20)]


@pytest.fixture(autouse=True)
def signed_in(pages: Pages) -> None:
    pages.sign_in()
    pages.edge.answers["ListOwnChildren"] = lambda request: pb.ListOwnChildrenResponse(
        rows=[_row(place) for place in range(3)],
        next_page_token=b"" if request.page_token else b"next",
        total=23,
        due=1,
    )
    pages.edge.answers["ConfirmInvolvement"] = lambda _: pb.ConfirmInvolvementResponse()
    pages.edge.answers["EndInvolvement"] = lambda _: pb.EndInvolvementResponse()


def _row(place: int) -> pb.OwnChildRow:
    name = pb.ChildName(full=pb.FullName(surname="Rookwood", given_names=f"Child {'ABC'[place % 3]}"))
    return pb.OwnChildRow(
        handle=bytes([place]) * 64,
        name=name,
        date_of_birth=children.BORN,
        involvement_id=IDS[place],
        is_due=place == 0,
    )


def _ticked(shown: Shown, *places: int) -> dict[str, str | list[str]]:
    boxes = shown.values_of("row")
    return {"row": [boxes[place] for place in places]}


def _asked(pages: Pages, method: str) -> list[Any]:
    return [call.request for call in pages.edge.calls if call.method.endswith(f"/{method}")]


def test_it_says_how_many_and_how_many_are_due(pages: Pages) -> None:
    text = see(pages, "/children").text
    assert "23 children you are recorded as working with. 1 due for confirmation" in text
    assert text.count("Due ") == 1


def test_what_is_ticked_is_confirmed_each_with_a_key_of_its_own(pages: Pages) -> None:
    shown = see(pages, "/children")
    after = press(pages, shown, "Confirm those ticked", _ticked(shown, 0, 2))
    first, second = _asked(pages, "ConfirmInvolvement")
    assert [first.involvement_id, second.involvement_id] == [IDS[0], IDS[2]]
    assert first.idempotency_key != second.idempotency_key
    assert first.handle == bytes([0]) * 64
    assert "2 involvements confirmed." in after.text


def test_a_double_press_is_the_same_acts(pages: Pages) -> None:
    shown = see(pages, "/children")
    for _ in range(2):
        press(pages, shown, "Confirm those ticked", _ticked(shown, 1))
    first, second = _asked(pages, "ConfirmInvolvement")
    assert first == second


def test_what_was_not_done_is_said_row_by_row(pages: Pages) -> None:
    def confirm(request: Any) -> pb.ConfirmInvolvementResponse:
        if request.involvement_id == IDS[0]:
            raise BeingChanged
        if request.involvement_id == IDS[1]:
            raise NotFound
        return pb.ConfirmInvolvementResponse()

    pages.edge.answers["ConfirmInvolvement"] = confirm
    shown = see(pages, "/children")
    text = press(pages, shown, "Confirm those ticked", _ticked(shown, 0, 1, 2)).text
    assert "1 involvement confirmed." in text
    assert "Child A Rookwood, born 4 March 2021: Somebody else was changing this record" in text
    assert "Child B Rookwood, born 4 March 2021: It has ended already" in text
    assert "Child C Rookwood, born 4 March 2021:" not in text


def test_who_may_not_is_told_once(pages: Pages) -> None:
    def refuse(_: object) -> None:
        raise NotPermitted

    pages.edge.answers["ConfirmInvolvement"] = refuse
    shown = see(pages, "/children")
    assert press(pages, shown, "Confirm those ticked", _ticked(shown, 0, 1)).h1 == "You may not do this"
    assert len(_asked(pages, "ConfirmInvolvement")) == 1


def test_ending_asks_once_more(pages: Pages) -> None:
    shown = see(pages, "/children")
    asking = press(pages, shown, "End those ticked", _ticked(shown, 0, 1))
    assert asking.h1 == "Have these involvements ended?"
    assert _asked(pages, "EndInvolvement") == []
    after = press(pages, asking, "Yes, all 2 have ended", {"row": asking.values_of("row")})
    assert [request.involvement_id for request in _asked(pages, "EndInvolvement")] == IDS[:2]
    assert "2 involvements ended." in after.text


def test_nothing_ticked_says_so(pages: Pages) -> None:
    shown = press(pages, see(pages, "/children"), "Confirm those ticked")
    assert shown.answer.status == 400
    assert "#row" in shown.links
    assert 'id="row"' in shown.answer.text


def test_the_next_page_is_turned_to_and_its_token_is_in_no_address(pages: Pages) -> None:
    shown = press(pages, see(pages, "/children"), "Next page")
    assert [request.page_token for request in _asked(pages, "ListOwnChildren")] == [b"", b"next"]
    assert b"next".hex() not in shown.path
    assert "Next page" not in shown.text


def test_a_row_leads_to_the_reason(pages: Pages) -> None:
    shown = press(pages, see(pages, "/children"), "Open Child A Rookwood")
    assert shown.h1 == "Why do you need to open this record?"
    assert "Child A Rookwood" in shown.text


def test_a_full_page_can_be_ended_at_once(pages: Pages) -> None:
    pages.edge.answers["ListOwnChildren"] = lambda _: pb.ListOwnChildrenResponse(
        rows=[_row(place) for place in range(20)], total=20
    )
    shown = see(pages, "/children")
    asking = press(pages, shown, "End those ticked", _ticked(shown, *range(20)))
    press(pages, asking, "Yes, all 20 have ended", {"row": asking.values_of("row")})
    assert len(_asked(pages, "EndInvolvement")) == 20


def test_nobody_is_no_dead_end(pages: Pages) -> None:
    pages.edge.answers["ListOwnChildren"] = lambda _: pb.ListOwnChildrenResponse()
    shown = see(pages, "/children")
    assert "You are not recorded as working with any child" in shown.text
    assert "/search" in shown.links
