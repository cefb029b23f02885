"""A key row comes back as it went, in one of a few sizes, and from its own place only."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.ledger.domain.entry import Section
from services.audit.ledger.domain.key_row import (
    MOST_STATEMENTS,
    SEAL_BYTES,
    SIZES,
    KeyRow,
    State,
    Statement,
    pack,
    padded,
    unpack,
    unpadded,
)
from services.audit.ledger.domain.keyring import KeyMaterial, Keyring, Unreadable

KEYRING = Keyring(
    environment="synthetic",
    material=KeyMaterial(
        month=202601, month_key=b"m" * 32, act_key=b"a" * 32, index_key=b"i" * 32, checkpoint_key=b"c" * 32
    ),
)
PERSONS = st.uuids().map(str)
STATEMENTS = st.builds(
    Statement,
    section=st.sampled_from(Section),
    source=st.binary(min_size=16, max_size=16),
    head=st.integers(0, 2**32 - 1),
    last=st.integers(0, 2**32 - 1),
    pending_act=st.sampled_from([b"", b"p" * 32]),
)
ROWS = st.builds(
    KeyRow,
    number=st.integers(0, 9_999_999_999),
    root_key=st.binary(min_size=32, max_size=32),
    state=st.sampled_from(State),
    authority=st.sampled_from(["", "E08000001"]),
    redirect=st.integers(0, 9_999_999_999),
    closed_by=st.lists(PERSONS, max_size=2).map(tuple),
    own=st.lists(PERSONS, max_size=16).map(tuple),
    statements=st.lists(STATEMENTS, max_size=40).map(tuple),
)


@given(row=ROWS)
def test_it_comes_back_as_it_went(row: KeyRow) -> None:
    assert unpack(pack(row)) == row
    assert len(pack(row)) + SEAL_BYTES in SIZES


@pytest.mark.promise("R3")
@given(row=ROWS, at=st.integers(0, 4095), bit=st.integers(0, 7))
def test_a_row_is_refused_when_a_bit_is_flipped_or_it_lies_elsewhere(row: KeyRow, at: int, bit: int) -> None:
    tag = KEYRING.child_tag(row.number)
    sealed = bytearray(KEYRING.seal_row(tag, row))
    assert KEYRING.open_row(tag, bytes(sealed)) == row
    with pytest.raises(Unreadable):
        KEYRING.open_row(KEYRING.child_tag(row.number + 1), bytes(sealed))
    with pytest.raises(Unreadable):
        KEYRING.open_row(tag, bytes(sealed[:-1]))
    sealed[at % len(sealed)] ^= 1 << bit
    with pytest.raises(Unreadable):
        KEYRING.open_row(tag, bytes(sealed))


def test_a_full_row_still_fits() -> None:
    statement = Statement(Section.SERVICES, b"s" * 16, 1, 2, b"p" * 32)
    row = KeyRow(
        number=9_999_999_999,
        root_key=bytes(32),
        state=State.LIMITED,
        authority="E08000001",
        closed_by=(str(uuid.uuid4()),) * 2,
        own=(str(uuid.uuid4()),) * 16,
        statements=(statement,) * 60,
    )
    assert len(row.statements) == MOST_STATEMENTS
    assert unpack(pack(row)) == row
    assert not row.has_room_for(Section.SENSITIVE)


@pytest.mark.promise("R2")
def test_an_ordinary_row_has_the_smallest_size_in_every_state() -> None:
    statements = tuple(Statement(section, b"s" * 16, 3, 3) for section in Section) * 4
    sizes = {
        len(pack(KeyRow(number=1, root_key=bytes(32), state=state, authority="E08000001", statements=statements)))
        for state in State
    }
    assert sizes == {SIZES[0] - SEAL_BYTES}


@given(content=st.binary(max_size=600))
def test_padding_comes_off(content: bytes) -> None:
    assert unpadded(padded(content, (64, 256, 1024))) == content


@pytest.mark.parametrize("content", [b"", b"\x00", b"\x00\x05abc", b"\x00\x01a\x01"])
def test_what_is_not_padded_is_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="not padded"):
        unpadded(content)


def test_an_act_given_up_leaves_no_child() -> None:
    row = KeyRow(
        number=1,
        root_key=bytes(32),
        state=State.OPEN,
        authority="",
        statements=(Statement(Section.IDENTITY, b"s" * 16, 0, 1, b"a" * 32),),
    )
    assert row.settled(b"a" * 32, is_done=False).state is State.VOID
    assert row.settled(b"a" * 32, is_done=True).statements[0].head == 1
    assert row.settled(b"b" * 32, is_done=False) == row
