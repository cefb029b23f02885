"""A child's number: nine random digits and a Damm digit, visibly no NHS number and without any meaning."""

from __future__ import annotations

import secrets

# A totally anti-symmetric quasigroup of order ten: H. M. Damm, "Total anti-symmetrische Quasigruppen", 2004.
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
SMALLEST = 1_000_000_000
LARGEST = 9_999_999_999


def damm_digit(digits: str) -> int:
    """Return the digit that, put after `digits`, lets every slip of one digit, or swap of two neighbours, show."""
    interim = 0
    for digit in digits:
        interim = _DAMM[interim][int(digit)]
    return interim


def is_nhs_number(digits: str) -> bool:
    """Return whether ten digits are a valid NHS number (modulus 11, weights 10 to 2)."""
    check = 11 - sum(int(digit) * weight for digit, weight in zip(digits[:9], range(10, 1, -1), strict=True)) % 11
    return {11: 0}.get(check, check) == int(digits[9])


def is_number(number: int) -> bool:
    """Return whether a number could be a child's: ten digits, the Damm digit right, not an NHS number."""
    text = str(number)
    return SMALLEST <= number <= LARGEST and damm_digit(text) == 0 and not is_nhs_number(text)


def draw() -> int:
    """Return a new random number; whether it is taken is for the caller to find out."""
    while True:
        nine = str(secrets.randbelow(900_000_000) + 100_000_000)
        text = f"{nine}{damm_digit(nine)}"
        if not is_nhs_number(text):
            return int(text)
