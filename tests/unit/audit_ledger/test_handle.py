"""A handle is the ledger's alone: nobody else makes one, alters one or reads one."""

from __future__ import annotations

import os
import uuid

from hypothesis import given
from hypothesis import strategies as st

from services.audit.ledger.domain.handle import Handle, HandleKind, pack, unpack
from services.audit.ledger.domain.keyring import KeyMaterial, Keyring


def a_keyring(environment: str = "synthetic", month_key: bytes = b"m" * 32) -> Keyring:
    material = KeyMaterial(
        month=202601, month_key=month_key, act_key=b"a" * 32, index_key=b"i" * 32, checkpoint_key=b"c" * 32
    )
    return Keyring(environment=environment, material=material)


HANDLES = st.builds(
    Handle,
    kind=st.sampled_from(HandleKind),
    named=st.integers(0, 2**64 - 1),
    session_tag=st.uuids().map(str),
    minted_at_ms=st.integers(0, 2**63),
    by_whole_name=st.booleans(),
)
KEYRING = a_keyring()


@given(handle=HANDLES)
def test_it_comes_back_as_it_went(handle: Handle) -> None:
    assert unpack(pack(handle)) == handle
    minted = KEYRING.mint(handle)
    assert len(minted) == 64
    assert KEYRING.open_handle(minted) == handle
    assert KEYRING.mint(handle) != minted


@given(handle=HANDLES, at=st.integers(0, 63), bit=st.integers(0, 7))
def test_one_bit_spoils_it(handle: Handle, at: int, bit: int) -> None:
    forged = bytearray(KEYRING.mint(handle))
    forged[at] ^= 1 << bit
    assert KEYRING.open_handle(bytes(forged)) is None


@given(content=st.binary(max_size=130))
def test_garbage_is_no_handle(content: bytes) -> None:
    assert KEYRING.open_handle(content) is None
    assert KEYRING.open_handle(os.urandom(64)) is None


def test_another_environments_or_keys_handle_is_none() -> None:
    handle = Handle(HandleKind.CHILD, 1, str(uuid.uuid4()), 0)
    for other in (a_keyring("live"), a_keyring(month_key=b"n" * 32)):
        assert KEYRING.open_handle(other.mint(handle)) is None
