"""One page of the index: packed entries, read as a whole and never sought in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from services.directory.domain.candidates import Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import sounds
from services.directory.domain.names import ChildName, Gender, Shape, fold

RECORD = 11
"""Number 34 bits, year 9, month 4, day 5, group 12, former 1, shape 2, gender 2, estimated 1, tag known 1, tag 8."""
WORDS = 3
"""Folded surname, folded given names, and the name as written where capitals alone do not give it back."""
GROUPS = 4096
"""Groups of sounds of one year."""
_NUMBER = 5
_EPOCH = 1900
_CONTROLS = str.maketrans("\n\t", "  ")


class Page(NamedTuple):
    """Entries that belong together. Immutable: a reader keeps what it has read."""

    records: bytes
    """RECORD bytes an entry."""
    words: bytes
    """WORDS words an entry, UTF-8, each ended by a line feed."""

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return len(self.records) // RECORD


EMPTY = Page(b"", b"")


class Folded(NamedTuple):
    """An entry as the pages hold it."""

    record: bytes
    words: bytes
    group: int


class Record(NamedTuple):
    """What the record of an entry says."""

    number: int
    date_of_birth: DateOfBirth
    group: int
    is_former: bool
    shape: Shape
    gender: Gender
    postcode_tag: int | None

    def __repr__(self) -> str:
        """Return a text without the child."""
        return "Record()"


def folded(entry: Entry) -> Folded:
    """Return an entry as the pages hold it."""
    surname, given_names = fold(entry.name.surname), fold(entry.name.given_names)
    group = group_of(sounds(surname)[0], sounds(given_names.partition(" ")[0])[0], entry.date_of_birth.year)
    plain = entry.name.surname == surname.title() and entry.name.given_names == given_names.title()
    as_written = "" if plain else f"{_one_line(entry.name.surname)}\t{_one_line(entry.name.given_names)}"
    return Folded(_packed(entry, group), f"{surname}\n{given_names}\n{as_written}\n".encode(), group)


def group_of(surname_sound: str, given_sound: str, year: int) -> int:
    """Return the group, from 0 to 4,095, of two sounds in a year."""
    digest = hashlib.blake2b(f"{year}/{surname_sound}/{given_sound}".encode(), digest_size=2).digest()
    return int.from_bytes(digest, "big") % GROUPS


def with_added(page: Page, entries: Iterable[Folded]) -> Page:
    """Return the page with more entries."""
    new = list(entries)
    return Page(
        b"".join((page.records, *(one.record for one in new))), b"".join((page.words, *(one.words for one in new)))
    )


def with_removed(page: Page, entry: Folded) -> Page:
    """Return the page without one entry; the same page if it is not there."""
    for index in places_of(page, entry.record[:_NUMBER], _NUMBER):
        start = index * RECORD
        lines = page.words.split(b"\n")
        own = b"".join(line + b"\n" for line in lines[index * WORDS : (index + 1) * WORDS])
        if page.records[start : start + RECORD] == entry.record and own == entry.words:
            before, after = lines[: index * WORDS], lines[(index + 1) * WORDS :]
            return Page(page.records[:start] + page.records[start + RECORD :], b"\n".join([*before, *after]))
    return page


def places_of(page: Page, start: bytes, length: int = _NUMBER) -> Sequence[int]:
    """Return at which places of a page the records begin with these bytes."""
    found, at = [], page.records.find(start[:length])
    while at >= 0:
        if at % RECORD == 0:
            found.append(at // RECORD)
        at = page.records.find(start[:length], at + 1)
    return found


def entry_at(page: Page, place: int) -> Entry:
    """Return the entry at a place."""
    start = place * RECORD
    words = page.words.decode().split("\n", (place + 1) * WORDS)[place * WORDS : (place + 1) * WORDS]
    return unfolded(unpacked(page.records[start : start + RECORD]), *words)


def unfolded(record: Record, surname: str, given_names: str, as_written: str) -> Entry:
    """Return the entry that a record and its words say."""
    if as_written:
        surname, _, given_names = as_written.partition("\t")
    else:
        surname, given_names = surname.title(), given_names.title()
    return Entry(
        number=record.number,
        is_former=record.is_former,
        name=ChildName(record.shape, surname, given_names),
        date_of_birth=record.date_of_birth,
        gender=record.gender,
        postcode_tag=record.postcode_tag,
    )


def number_bytes(number: int) -> bytes:
    """Return how a record begins that is this child's."""
    return number.to_bytes(_NUMBER, "big")


def unpacked(record: bytes) -> Record:
    """Return what RECORD bytes say."""
    rest = int.from_bytes(record[_NUMBER:], "big")
    return Record(
        number=int.from_bytes(record[:_NUMBER], "big"),
        date_of_birth=DateOfBirth(
            _EPOCH + (rest >> 36 & 0x1FF), rest >> 32 & 0xF, rest >> 27 & 0x1F, bool(rest >> 9 & 1)
        ),
        group=rest >> 15 & 0xFFF,
        is_former=bool(rest >> 14 & 1),
        shape=Shape(rest >> 12 & 3),
        gender=Gender(rest >> 10 & 3),
        postcode_tag=(rest & 0xFF) if rest >> 8 & 1 else None,
    )


def _packed(entry: Entry, group: int) -> bytes:
    born = entry.date_of_birth
    rest = (born.year - _EPOCH) << 36 | born.month << 32 | born.day << 27 | group << 15
    rest |= entry.is_former << 14 | entry.name.shape << 12 | entry.gender << 10 | born.is_estimated << 9
    if entry.postcode_tag is not None:
        rest |= 1 << 8 | entry.postcode_tag
    return number_bytes(entry.number) + rest.to_bytes(RECORD - _NUMBER, "big")


def _one_line(name: str) -> str:
    return name.translate(_CONTROLS)
