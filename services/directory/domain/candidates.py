"""What the index holds of a child, who matches a search, and the one size in which that goes to the ledger."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass

from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName, Gender, fold, joined

MOST_CANDIDATES = 64
_SLOT = 8
_NUMBER = 5
_WHOLE_CURRENT_NAME = 1
_NOTHING_ELSE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One name of one child in the index: enough to find and to tell apart, too little to say where anyone lives."""

    number: int
    is_former: bool
    name: ChildName
    date_of_birth: DateOfBirth
    gender: Gender
    postcode_tag: int | None
    """Eight bits of a keyed hash of number and postcode; None where no postcode is known."""

    def __repr__(self) -> str:
        """Return a text without the child."""
        return "Entry()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A child who matches a search."""

    current: Entry
    """The current name: all that a row shows, whichever name matched."""
    tier: int
    """From 1, the narrowest; each child of a tier matches better than any of the next."""
    is_whole_current_name: bool
    """Surname, first name and date of birth were all given, and each by itself agrees with the current one."""
    nothing_else_given: bool
    """Name and date were given and nothing else was."""


def encoded(candidates: Sequence[Candidate]) -> bytes:
    """Return 512 bytes, whatever was found: 64 slots of number (5), tier (1), claims (1) and a zero, best first.

    Raises ValueError for more than 64.
    """
    if len(candidates) > MOST_CANDIDATES:
        raise ValueError("too many candidates")
    slots = b"".join(
        one.current.number.to_bytes(_NUMBER, "big")
        + bytes(
            (
                one.tier,
                _WHOLE_CURRENT_NAME * one.is_whole_current_name | _NOTHING_ELSE * one.nothing_else_given,
                0,
            )
        )
        for one in candidates
    )
    return slots.ljust(MOST_CANDIDATES * _SLOT, b"\0")


def criteria_digest(key: bytes, name: ChildName, date_of_birth: DateOfBirth | None) -> bytes:
    """Return HMAC-SHA-256 of a folded name and a date, 32 bytes: the same for a search and for the creation after it.

    How a name is written and whether the date is an estimate make no difference.
    """
    born = date_of_birth or DateOfBirth(0)
    parts = (
        "criteria/1",
        name.shape.name,
        joined(fold(name.surname)),
        joined(fold(name.given_names)),
        f"{born.year:04d}-{born.month:02d}-{born.day:02d}",
    )
    return hmac.digest(key, "\x1f".join(parts).encode(), hashlib.sha256)
