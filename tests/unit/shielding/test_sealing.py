"""What is sealed opens for its own use, in its own place, under its own secret."""

from __future__ import annotations

import uuid

import pytest
from cryptography.exceptions import InvalidTag

from services.runtime.errors import InvalidRequest
from services.shielding.sealing import Sealing

SEALING = Sealing(b"r" * 32)
PERSON, KEY = uuid.UUID(int=1), uuid.UUID(int=2)


def test_it_opens_what_it_sealed_and_never_seals_alike() -> None:
    first, second = (SEALING.seal("number", b"place", b"1234567894") for _ in range(2))
    assert first != second
    assert SEALING.open("number", b"place", first) == b"1234567894"


@pytest.mark.parametrize(
    "use, place, secret", [("act", b"place", b"r"), ("number", b"other", b"r"), ("number", b"place", b"s")]
)
def test_it_opens_nothing_of_another_use_place_or_secret(use: str, place: bytes, secret: bytes) -> None:
    sealed = SEALING.seal("number", b"place", b"1234567894")
    with pytest.raises(InvalidTag):
        Sealing(secret * 32).open(use, place, sealed)


@pytest.mark.parametrize("cut", [0, 5, 12, 20])
def test_it_opens_nothing_cut(cut: int) -> None:
    with pytest.raises((InvalidTag, ValueError)):
        SEALING.open("number", b"place", SEALING.seal("number", b"place", b"1234567894")[:cut])


def test_an_act_has_one_name_and_nobody_else_shares_it() -> None:
    name = SEALING.act_name(PERSON, "/a", KEY)
    assert name == SEALING.act_name(PERSON, "/a", KEY)
    assert name.version == 4
    others = {
        SEALING.act_name(uuid.UUID(int=9), "/a", KEY),
        SEALING.act_name(PERSON, "/b", KEY),
        SEALING.act_name(PERSON, "/a", uuid.UUID(int=9)),
        Sealing(b"s" * 32).act_name(PERSON, "/a", KEY),
    }
    assert len(others | {name}) == 5


def test_a_page_token_is_of_one_list() -> None:
    token = SEALING.page_token("E08000001", "2026-12-23T10:00:00+00:00", KEY)
    assert len(token) <= 200
    assert SEALING.position("E08000001", token) == ("2026-12-23T10:00:00+00:00", KEY)
    assert SEALING.position("E08000001", b"") is None
    for authority, given in [("E08000002", token), ("E08000001", token[:-1]), ("E08000001", b"x")]:
        with pytest.raises(InvalidRequest):
            SEALING.position(authority, given)
