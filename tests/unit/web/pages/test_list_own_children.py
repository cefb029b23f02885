"""The boxes of "my children" carry one child, one involvement and one key each."""

from __future__ import annotations

import pytest

from gateway.web.errors import FormUnreadable
from gateway.web.pages.about_children.chosen import Chosen
from gateway.web.pages.list_own_children import ticked
from gateway.web.pages.list_own_children.ticked import Ticked
from tests.unit.web.pages.typed import Typed

INVOLVEMENT = "5f0b1a52-3a53-4ab5-a1d5-1c6d6f5f2b11"
CHILD = Chosen(handle=b"h" * 64, name="Siân O'Brien", born="4 March 2021")


def test_what_was_ticked_comes_back() -> None:
    rows = [Ticked.drawn(CHILD, INVOLVEMENT), Ticked.drawn(CHILD, INVOLVEMENT)]
    assert ticked.read(Typed(row=[row.packed for row in rows])) == rows


def test_each_row_has_a_key_of_its_own() -> None:
    assert Ticked.drawn(CHILD, INVOLVEMENT).act != Ticked.drawn(CHILD, INVOLVEMENT).act


def test_nothing_ticked_is_nothing() -> None:
    assert ticked.read(Typed()) == []


@pytest.mark.parametrize(
    "text",
    [
        "x",
        CHILD.packed,
        f"{INVOLVEMENT}|{CHILD.packed}",
        f"../x|{INVOLVEMENT}|{CHILD.packed}",
        f"{INVOLVEMENT}|{INVOLVEMENT}|x",
        f"{INVOLVEMENT}|{INVOLVEMENT}|%%|Siân|2021",
    ],
)
def test_what_no_form_of_ours_sends_is_refused(text: str) -> None:
    with pytest.raises(FormUnreadable):
        ticked.read(Typed(row=text))


def test_more_than_a_page_is_refused() -> None:
    with pytest.raises(FormUnreadable):
        ticked.read(Typed(row=[Ticked.drawn(CHILD, INVOLVEMENT).packed] * 21))


def test_a_child_does_not_print() -> None:
    assert "Siân" not in repr(CHILD)
