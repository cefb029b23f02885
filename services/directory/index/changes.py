"""One change of the index: an entry comes or goes; and the fixed room in which it is written."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from services.directory.domain.candidates import Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName, Gender, Shape
from services.runtime.errors import InvalidRequest

CHANGE_BYTES = 484
_HEAD = struct.Struct(">BQBBBHBBBBHBB")
_FORMAT = 1
_NO_TAG = 256
_ENCODINGS = ("utf-8", "utf-16-le")
_FORMER = 1
_ESTIMATED = 2


@dataclass(frozen=True, slots=True)
class Added:
    """From now on the child is found by this name too."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Removed:
    """The child is no longer found by this name; the entry is given as it was added."""

    entry: Entry


@dataclass(frozen=True, slots=True)
class Nothing:
    """Fills a write up, so that a number of rows does not say how many names a child has."""


Change = Added | Removed | Nothing
_KINDS: dict[type, int] = {Nothing: 0, Added: 1, Removed: 2}


def encode(change: Change) -> bytes:
    """Return the change as 484 bytes; raises InvalidRequest for a name that cannot be written in them."""
    if isinstance(change, Nothing):
        return bytes([_FORMAT]).ljust(CHANGE_BYTES, b"\0")
    entry = change.entry
    surname, given_names, encoding = _texts(entry.name)
    born = entry.date_of_birth
    head = _HEAD.pack(
        _FORMAT,
        entry.number,
        _KINDS[type(change)],
        entry.name.shape,
        _FORMER * entry.is_former | _ESTIMATED * born.is_estimated,
        born.year,
        born.month,
        born.day,
        entry.gender,
        encoding,
        _NO_TAG if entry.postcode_tag is None else entry.postcode_tag,
        len(surname),
        len(given_names),
    )
    return (head + surname + given_names).ljust(CHANGE_BYTES, b"\0")


def decode(plain: bytes) -> Change:
    """Return the change that 484 bytes say; raises ValueError for bytes that `encode` does not make."""
    if len(plain) != CHANGE_BYTES or plain[0] != _FORMAT:
        raise ValueError("not a change")
    said = _HEAD.unpack_from(plain)
    _, number, kind, shape, flags, year, month, day, gender, encoding, tag, surname_length, given_length = said
    if kind == _KINDS[Nothing]:
        return Nothing()
    texts = plain[_HEAD.size :]
    surname = texts[:surname_length].decode(_ENCODINGS[encoding])
    given_names = texts[surname_length : surname_length + given_length].decode(_ENCODINGS[encoding])
    entry = Entry(
        number=number,
        is_former=bool(flags & _FORMER),
        name=ChildName(Shape(shape), surname, given_names),
        date_of_birth=DateOfBirth(year, month, day, bool(flags & _ESTIMATED)),
        gender=Gender(gender),
        postcode_tag=None if tag == _NO_TAG else tag,
    )
    if kind == _KINDS[Added]:
        return Added(entry)
    if kind == _KINDS[Removed]:
        return Removed(entry)
    raise ValueError("not a change")


def _texts(name: ChildName) -> tuple[bytes, bytes, int]:
    room = CHANGE_BYTES - _HEAD.size
    for number, encoding in enumerate(_ENCODINGS):
        surname, given_names = name.surname.encode(encoding), name.given_names.encode(encoding)
        if len(surname) + len(given_names) <= room and max(len(surname), len(given_names)) <= 255:  # noqa: PLR2004
            return surname, given_names, number
    # 160 letters of any living script fit; of scripts beyond the basic plane 115 do.
    raise InvalidRequest([("name", "TOO_LONG")])
