"""The child's number: nine random digits and a check digit (Damm), never a valid NHS number."""

from __future__ import annotations

import re

from nhs_number.validate import is_valid as is_nhs_number

from services.runtime.errors import InvalidRequest

_WRITTEN = re.compile(r"[1-9][0-9]{9}")
_HALF = 5
# A totally anti-symmetric quasigroup of order ten with zeros on the diagonal (H. M. Damm, 2004): it catches every wrong
# digit and every swap of two neighbours.
_DAMM = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)


def parse(text: str, *, field: str = "number") -> int:
    """Return the number that somebody typed, with or without spaces.

    Raises InvalidRequest: LOOKS_LIKE_NHS_NUMBER for a valid NHS number, NOT_TEN_DIGITS, WRONG_CHECK_DIGIT.
    """
    digits = "".join(text.split())
    if len(digits) == 2 * _HALF and digits.isascii() and digits.isdigit() and is_nhs_number(digits):
        raise InvalidRequest([(field, "LOOKS_LIKE_NHS_NUMBER")])
    if not _WRITTEN.fullmatch(digits):
        raise InvalidRequest([(field, "NOT_TEN_DIGITS")])
    if check_digit(digits[:-1]) != int(digits[-1]):
        raise InvalidRequest([(field, "WRONG_CHECK_DIGIT")])
    return int(digits)


def is_child_number(number: int) -> bool:
    """Whether this could be a child's number: ten digits, the check digit right, no valid NHS number."""
    try:
        return parse(str(number)) == number
    except InvalidRequest:
        return False


def check_digit(nine_digits: str) -> int:
    """Return the Damm check digit of a text of digits."""
    interim = 0
    for digit in nine_digits:
        interim = _DAMM[interim][int(digit)]
    return interim


def ten_digits(number: int) -> str:
    """Return the number as it goes over the wire: "1234567890"."""
    return f"{number:010d}"


def written(number: int) -> str:
    """Return the number as people read it: "12345 67890"."""
    digits = ten_digits(number)
    return f"{digits[:_HALF]} {digits[_HALF:]}"
