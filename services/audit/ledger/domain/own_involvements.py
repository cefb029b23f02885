"""Whose own involvements are current, in the leader's memory: no table lists anybody's children."""

from __future__ import annotations

import hashlib
import hmac
import struct
import uuid
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from services.runtime.clock import london_day

INVOLVEMENT_BYTES = 16
PERSON_BYTES = 8
ACT_BYTES = 8

_LONDON = ZoneInfo("Europe/London")
_FIRST_DAY = date(2020, 1, 1)
_MOST_DAYS = 65_000
_RECORD = struct.Struct(f">H5s{INVOLVEMENT_BYTES}s")
_BEHIND_DAY = 2


@dataclass(frozen=True, slots=True)
class OwnHeld:
    """A row of the log of states: the involvement is the person's own, last confirmed on that day."""

    person: bytes
    """The first eight bytes of the keyed person."""
    number: int
    involvement: bytes
    day: int
    """Days since the first of January 2020, in London."""


@dataclass(frozen=True, slots=True)
class OwnEnded:
    """A row of the log of states: the involvement is over."""

    person: bytes
    number: int
    involvement: bytes


@dataclass(frozen=True, slots=True)
class OwnAnnounced:
    """A row of the log of states: an act that is under way confirms or ends an involvement when it is settled."""

    act: bytes
    """The first eight bytes of the act's name."""
    involvement: bytes
    ends: bool


@dataclass(frozen=True, slots=True)
class Own:
    """One current involvement of one person."""

    day: int
    number: int
    involvement: bytes

    @property
    def place(self) -> bytes:
        """Where it stands in the list, as bytes in the list's order."""
        return _RECORD.pack(self.day, _packed(self.number), self.involvement)


class OwnInvolvements:
    """Changed by rows of the log of states, and by nothing else; one involvement takes 23 bytes."""

    def __init__(self) -> None:
        self._of: dict[bytes, bytearray] = {}
        self._announced: dict[bytes, OwnAnnounced] = {}

    def of(self, person: bytes, *, without: Container[int] = ()) -> list[Own]:
        """Return a person's own involvements, confirmed longest ago first; none with a child that is left out."""
        rows = bytes(self._of.get(person, b""))
        # Sorted as bytes: the day stands first.
        in_order = sorted(rows[at : at + _RECORD.size] for at in range(0, len(rows), _RECORD.size))
        found = (_RECORD.unpack(row) for row in in_order)
        every = (Own(day, int.from_bytes(number, "big"), involvement) for day, number, involvement in found)
        return [one for one in every if one.number not in without]

    def with_child(self, person: bytes, number: int) -> list[bytes]:
        """Return the involvements of a person with one child."""
        rows = self._of.get(person, bytearray())
        starts = (at + _BEHIND_DAY + len(_packed(number)) for at in _places(rows, _packed(number)))
        return [bytes(rows[start : start + INVOLVEMENT_BYTES]) for start in starts]

    def has(self, person: bytes, number: int, involvement: bytes) -> bool:
        """Return whether a person has this involvement."""
        return involvement in self.with_child(person, number)

    def anybody_with(self, number: int, involvement: bytes) -> bytes | None:
        """Return who has an involvement, after a look through all there are: for where there is no better clue."""
        needle = _packed(number) + involvement
        return next(
            (person for person, rows in self._of.items() if next(_places(rows, needle), None) is not None), None
        )

    def announced(self, act_id: bytes) -> OwnAnnounced | None:
        """Return what an act that is under way does to an involvement."""
        return self._announced.get(act_id[:ACT_BYTES])

    def forget(self, act_id: bytes) -> None:
        """Take in that an act ended."""
        self._announced.pop(act_id[:ACT_BYTES], None)

    def forget_all_but(self, act_ids: Iterable[bytes]) -> None:
        """Take in which acts are under way."""
        under_way = {act_id[:ACT_BYTES] for act_id in act_ids}
        self._announced = {act: said for act, said in self._announced.items() if act in under_way}

    def take(self, row: OwnHeld | OwnEnded | OwnAnnounced) -> None:
        """Take in one row of the log of states, the next."""
        if isinstance(row, OwnAnnounced):
            self._announced[row.act] = row
            return
        rows = self._of.setdefault(row.person, bytearray())
        for at in _places(rows, _packed(row.number) + row.involvement):
            del rows[at : at + _RECORD.size]
            break
        if isinstance(row, OwnHeld):
            rows += _RECORD.pack(row.day, _packed(row.number), row.involvement)
        if not rows:
            del self._of[row.person]


def _packed(number: int) -> bytes:
    return number.to_bytes(5, "big")


def _places(rows: bytearray, needle: bytes) -> Iterator[int]:
    """Yield where the records begin that go on with these bytes behind their day."""
    at = rows.find(needle)
    while at >= 0:
        if (at - _BEHIND_DAY) % _RECORD.size == 0:
            yield at - _BEHIND_DAY
        at = rows.find(needle, at + 1)


def involvement_of(act_id: bytes) -> bytes:
    """Return the id of the involvement that an act starts, as the contract derives it."""
    return uuid.UUID(bytes=hmac.digest(act_id, b"involvement", hashlib.sha256)[:INVOLVEMENT_BYTES], version=4).bytes


def day_of(instant: datetime) -> int:
    """Return a moment's day in London, in days since the first of January 2020."""
    return min(_MOST_DAYS, max(0, (london_day(instant) - _FIRST_DAY).days))


def midnight_of(day: int) -> datetime:
    """Return the midnight in London with which such a day begins."""
    return datetime.combine(_FIRST_DAY + timedelta(days=day), time(), _LONDON)
