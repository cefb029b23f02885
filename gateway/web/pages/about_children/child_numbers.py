"""A child's number, as it is typed and as it is written."""

from __future__ import annotations

_HALF = 5


def tidied(typed: str) -> str:
    """Return a number as the contract takes it, "12345 67890", if it has ten digits; otherwise as typed."""
    digits = "".join(typed.replace("-", " ").split())
    return written(digits) if len(digits) == 2 * _HALF and digits.isascii() and digits.isdigit() else typed.strip()


def written(ten_digits: str) -> str:
    """Return a number as people read it: "12345 67890"."""
    return f"{ten_digits[:_HALF]} {ten_digits[_HALF:]}"
