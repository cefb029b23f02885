"""A sealed text opens under its own key, purpose, name and binding, and nowhere else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web.sealing import Seal, SealBroken

SEAL = Seal(bytes(range(32)))


@given(st.binary(max_size=2000), st.text(max_size=40))
def test_what_was_sealed_comes_back(content: bytes, bound_to: str) -> None:
    assert SEAL.open("p", SEAL.seal("p", content, name="n", bound_to=bound_to), name="n", bound_to=bound_to) == content


@pytest.mark.parametrize(
    "seal, purpose, name, bound_to",
    [
        (Seal(bytes(32)), "page", "__Host-page-a", "tag"),
        (SEAL, "typed", "__Host-page-a", "tag"),
        (SEAL, "page", "__Host-page-b", "tag"),
        (SEAL, "page", "__Host-page-a", "another"),
        (SEAL, "page", "__Host-page-a", ""),
        # The border between name and binding is part of what is bound.
        (SEAL, "page", "__Host-page-a\0tag", ""),
    ],
)
def test_anything_else_does_not_open(seal: Seal, purpose: str, name: str, bound_to: str) -> None:
    text = SEAL.seal("page", b"content", name="__Host-page-a", bound_to="tag")
    with pytest.raises(SealBroken):
        seal.open(purpose, text, name=name, bound_to=bound_to)


def test_every_changed_letter_is_found() -> None:
    text = SEAL.seal("session", b"somebody", name="n")
    for position, letter in enumerate(text[:-1]):
        changed = text[:position] + ("A" if letter != "A" else "B") + text[position + 1 :]
        with pytest.raises(SealBroken):
            SEAL.open("session", changed, name="n")


@pytest.mark.parametrize("text", ["", "=", "a", "é", "A" * 15, "A" * 5000, "!!!!"])
def test_what_is_no_seal_does_not_open(text: str) -> None:
    with pytest.raises(SealBroken):
        SEAL.open("session", text, name="n")


def test_the_same_content_is_never_sealed_the_same() -> None:
    assert len({SEAL.seal("p", b"x", name="n") for _ in range(100)}) == 100


def test_a_key_is_not_shown() -> None:
    assert repr(SEAL) == "Seal()"
