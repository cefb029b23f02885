"""The child's number: what is typed wrong is refused, and so is an NHS number."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from nhs_number.validate import is_valid as is_nhs_number

from services.directory.domain.numbers import check_digit, is_child_number, parse, ten_digits, written
from services.runtime.errors import InvalidRequest

NINE = st.integers(100_000_000, 999_999_999).map(str)


def numbered(nine: str) -> str:
    return f"{nine}{check_digit(nine)}"


def reason(text: str) -> str:
    with pytest.raises(InvalidRequest) as refused:
        parse(text)
    return refused.value.field_violations[0][1]


@given(NINE)
def test_a_number_is_read_as_it_is_written(nine: str) -> None:
    assume(not is_nhs_number(numbered(nine)))
    number = int(numbered(nine))
    assert parse(written(number)) == parse(ten_digits(number)) == number
    assert is_child_number(number)


@given(NINE, st.integers(0, 9), st.integers(1, 9))
def test_one_wrong_digit_is_found(nine: str, place: int, more: int) -> None:
    digits = numbered(nine)
    wrong = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    with pytest.raises(InvalidRequest):
        parse(wrong)


@given(NINE, st.integers(0, 8))
def test_two_digits_swapped_are_found(nine: str, place: int) -> None:
    digits = numbered(nine)
    assume(digits[place] != digits[place + 1])
    with pytest.raises(InvalidRequest):
        parse(digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :])


def test_damms_own_example() -> None:
    assert check_digit("572") == 4


@given(NINE)
def test_an_nhs_number_is_refused_as_one(nine: str) -> None:
    digit = 11 - sum((10 - at) * int(one) for at, one in enumerate(nine)) % 11
    assume(digit != 10)
    candidate = f"{nine}{digit % 11}"
    assume(is_nhs_number(candidate))
    assert reason(f"{candidate[:3]} {candidate[3:6]} {candidate[6:]}") == "LOOKS_LIKE_NHS_NUMBER"


@pytest.mark.parametrize("text", ["", "123456789", "12345678901", "012345678X", "0123456789", "١٢٣٤٥٦٧٨٩٠"])
def test_what_is_no_number_is_refused(text: str) -> None:
    assert reason(text) == "NOT_TEN_DIGITS"
