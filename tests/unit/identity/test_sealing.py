"""Seals and tags: good for one purpose in one place, under one root secret."""

import pytest

from services.identity.sealing import SealBroken, Seals

SEALS = Seals(bytes(32))


def test_a_seal_opens_in_its_own_place_for_its_own_purpose() -> None:
    sealed = SEALS.seal("totp", b"secret", "person-1")
    assert SEALS.open("totp", sealed, "person-1") == b"secret"
    for purpose, place in (("totp", "person-2"), ("contact", "person-1")):
        with pytest.raises(SealBroken):
            SEALS.open(purpose, sealed, place)
    with pytest.raises(SealBroken):
        Seals(b"1" * 32).open("totp", sealed, "person-1")
    for broken in (b"", sealed[:-1], sealed[:12], bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(SealBroken):
            SEALS.open("totp", broken, "person-1")


def test_parts_do_not_run_into_one_another() -> None:
    assert SEALS.tag("a", "bc", "d") != SEALS.tag("a", "b", "cd")
    assert SEALS.tag("a", "b") != SEALS.tag("a", "b", "")
    assert SEALS.seal("p", b"", "ab", "c") != SEALS.seal("p", b"", "a", "bc")


def test_a_root_secret_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Seals(b"short")
