"""Rows of the log of states: one size, and what the release before wrote or reads means what it meant."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.ledger.domain import state_row
from services.audit.ledger.domain.own_involvements import (
    OwnAnnounced,
    OwnEnded,
    OwnHeld,
    OwnInvolvements,
    day_of,
    midnight_of,
)
from services.audit.ledger.domain.state_row import StateRow

NUMBERS = st.integers(1, 9_999_999_999)
PEOPLE, INVOLVEMENTS = st.binary(min_size=8, max_size=8), st.binary(min_size=16, max_size=16)
ROWS = st.one_of(
    st.none(),
    NUMBERS,
    st.builds(OwnHeld, PEOPLE, NUMBERS, INVOLVEMENTS, st.integers(0, 65_000)),
    st.builds(OwnEnded, PEOPLE, NUMBERS, INVOLVEMENTS),
    st.builds(OwnAnnounced, PEOPLE, INVOLVEMENTS, st.booleans()),
)
RELEASE_1 = struct.Struct(">BQ23x")


@given(ROWS)
def test_a_row_comes_back_from_its_one_size(row: StateRow) -> None:
    packed = state_row.pack(row)
    assert len(packed) == 32
    assert state_row.unpack(packed) == row


@given(ROWS)
def test_the_release_before_reads_nothing_but_limited_records(row: StateRow) -> None:
    is_limited, number = RELEASE_1.unpack(state_row.pack(row))
    assert (is_limited, number if is_limited else 0) == ((1, row) if isinstance(row, int) else (0, 0))


@given(st.one_of(st.none(), NUMBERS))
def test_rows_of_the_release_before_are_read(limited: int | None) -> None:
    assert state_row.unpack(RELEASE_1.pack(limited is not None, limited or 0)) == limited


@pytest.mark.parametrize("content", [b"", bytes(31), bytes(33), b"\0\0\x05" + bytes(29)])
def test_anything_else_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not a row"):
        state_row.unpack(content)


@given(st.lists(st.builds(OwnHeld, PEOPLE, NUMBERS, INVOLVEMENTS, st.integers(0, 65_000)), max_size=30), st.data())
def test_what_is_held_is_what_was_taken_and_not_ended(rows: list[OwnHeld], data: st.DataObject) -> None:
    own, expected = OwnInvolvements(), {}
    for row in rows:
        own.take(row)
        expected[row.person, row.number, row.involvement] = row.day
    for row in data.draw(st.lists(st.sampled_from(rows), max_size=5)) if rows else []:
        own.take(OwnEnded(row.person, row.number, row.involvement))
        expected.pop((row.person, row.number, row.involvement), None)
    for person in {row.person for row in rows}:
        found = own.of(person)
        assert {(person, one.number, one.involvement): one.day for one in found} == {
            key: day for key, day in expected.items() if key[0] == person
        }
        assert [one.place for one in found] == sorted(one.place for one in found)
        for one in found:
            assert own.has(person, one.number, one.involvement)
            assert own.anybody_with(one.number, one.involvement) is not None


@given(st.integers(0, 47_000), st.integers(0, 24 * 3600 - 1))
def test_a_day_begins_at_midnight_in_london(days: int, seconds: int) -> None:
    moment = datetime(2020, 1, 2, tzinfo=UTC) + timedelta(days=days, seconds=seconds)
    began = midnight_of(day_of(moment))
    assert began <= moment < began + timedelta(hours=25)
