"""The one size in which candidates go to the ledger."""

import pytest

from services.directory.domain.candidates import Candidate, encoded
from tests.builders.directory_entries import NUMBER, an_entry


def a_candidate(number: int = NUMBER, *, tier: int = 1, whole: bool = True, nothing_else: bool = True) -> Candidate:
    return Candidate(
        current=an_entry(number=number), tier=tier, is_whole_current_name=whole, nothing_else_given=nothing_else
    )


def test_a_slot_is_number_tier_claims_and_a_zero() -> None:
    sent = encoded([a_candidate(), a_candidate(NUMBER + 1, tier=3, whole=False), a_candidate(nothing_else=False)])
    assert sent[:8] == NUMBER.to_bytes(5, "big") + bytes((1, 3, 0))
    assert sent[8:16] == (NUMBER + 1).to_bytes(5, "big") + bytes((3, 2, 0))
    assert sent[22] == 1
    assert sent[24:] == bytes(512 - 24)


@pytest.mark.parametrize("count", [0, 1, 64])
def test_it_is_512_bytes_whatever_was_found(count: int) -> None:
    assert len(encoded([a_candidate()] * count)) == 512


def test_more_than_64_are_not_sent() -> None:
    with pytest.raises(ValueError, match="too many"):
        encoded([a_candidate()] * 65)
