"""A number catches slips, is no NHS number, and means nothing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.ledger.domain.numbers import damm_digit, draw, is_nhs_number, is_number


def test_numbers_that_are_drawn_are_numbers() -> None:
    drawn = [draw() for _ in range(2000)]
    assert all(is_number(number) for number in drawn)
    assert len(set(drawn)) == len(drawn)
    assert {str(number)[0] for number in drawn} == set("123456789")


def test_the_known_code() -> None:
    assert damm_digit("572") == 4


@given(number=st.builds(draw), at=st.integers(0, 9), digit=st.integers(0, 9))
def test_a_slip_of_one_digit_shows(number: int, at: int, digit: int) -> None:
    text = str(number)
    slipped = f"{text[:at]}{digit}{text[at + 1 :]}"
    assert slipped == text or not is_number(int(slipped))


@given(number=st.builds(draw), at=st.integers(0, 8))
def test_a_swap_of_neighbours_shows(number: int, at: int) -> None:
    text = str(number)
    swapped = text[:at] + text[at + 1] + text[at] + text[at + 2 :]
    assert swapped == text or not is_number(int(swapped))


@pytest.mark.parametrize("nhs", ["9434765919", "4505577104", "9990000018"])
def test_an_nhs_number_is_never_a_childs(nhs: str) -> None:
    assert is_nhs_number(nhs)
    assert not is_number(int(nhs))
