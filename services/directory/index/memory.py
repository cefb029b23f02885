"""The index: two families of pages in memory, by day of birth and by sound of both names and year."""

from __future__ import annotations

import struct
import threading
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import nsmallest

from services.directory.domain.candidates import MOST_CANDIDATES, Candidate, Entry
from services.directory.domain.dates import DateAgreement, DateOfBirth, Precision, slips, wide_slips
from services.directory.domain.matching import Judge, NameAgreement, Question, surnames
from services.directory.domain.names import fold
from services.directory.index import pages, prefilter, sounding
from services.directory.index.by_number import PagesByNumber
from services.directory.index.changes import Added, Change, Removed
from services.directory.index.keys import IndexKey
from services.directory.index.pages import EMPTY, GROUPS, RECORD, WORDS, Folded, Page

_HEAD = struct.Struct(">QQQ")
_PAGE = struct.Struct(">qII")


@dataclass(frozen=True, slots=True)
class NumberMatch:
    """A child who has a number that was given, with a surname and a date of birth that agree."""

    number: int
    is_whole_current_name: bool
    """The whole current name was given too."""

    def __repr__(self) -> str:
        """Return a text without the number."""
        return "NumberMatch()"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dump:
    """The whole index at one moment, in pieces to be gone through once."""

    size: int
    """In bytes."""
    pieces: Iterator[bytes]


class Index:
    """Everything by which children are found. Readers take no lock: a page is replaced as a whole, never changed."""

    def __init__(self, key: IndexKey) -> None:
        self._key = key
        self._writing = threading.Lock()
        # By the day's ordinal; a child whose day is not certain stands on the page of the year, by its negative.
        self._days: dict[int, Page] = {}
        # By year * GROUPS + group.
        self._sounds: dict[int, Page] = {}
        self._by_number = PagesByNumber()

    @property
    def entries(self) -> int:
        """How many entries there are."""
        return sum(page.entries for page in list(self._days.values()))

    def apply(self, changes: Iterable[Change]) -> None:
        """Make changes, in their order."""
        with self._writing:
            added: list[Folded] = []
            days: list[int] = []
            for change in changes:
                if isinstance(change, Added):
                    added.append(pages.folded(change.entry))
                    days.append(_day_key(change.entry.date_of_birth))
                elif isinstance(change, Removed):
                    self._add(added, days)
                    added, days = [], []
                    self._remove(change.entry)
            self._add(added, days)

    def search(self, question: Question) -> list[Candidate]:
        """Return the 64 children at most who match best, best first, each once.

        The narrower tier first; with a postcode those first in each tier whose own agrees; then the better match;
        then an order that says nothing. Whether a record is limited is not known here, so it makes no difference.
        """
        judge = Judge(question)
        best: dict[int, tuple[int, float, bool, DateOfBirth]] = {}
        for record, surname, given_names in self._read(question, judge):
            found = judge.judged(record.shape, surname, given_names, record.date_of_birth)
            if found is None:
                continue
            is_whole = found.is_whole_name and not record.is_former
            tier = 2 * found.tier - self._postcode_agrees(question, record) if question.postcode.strip() else found.tier
            # A current name that agrees as a whole goes before a former one: a hidden name must not even order.
            rank = (not is_whole, tier, -found.score)
            held = best.get(record.number)
            if held is None or rank < (not held[2], held[0], held[1]):
                best[record.number] = (tier, -found.score, is_whole, record.date_of_birth)
        first = nsmallest(
            MOST_CANDIDATES, best.items(), key=lambda item: (item[1][0], item[1][1], self._key.place(item[0]))
        )
        candidates = []
        for number, (tier, _, is_whole, born) in first:
            current = self._current(number, born)
            if current is not None:
                candidates.append(
                    Candidate(
                        current=current,
                        tier=tier,
                        is_whole_current_name=is_whole,
                        nothing_else_given=question.is_name_and_date_only,
                    )
                )
        return candidates

    def find_by_number(
        self,
        number: int,
        *,
        surname: str,
        date_of_birth: DateOfBirth,
        given_names: str = "",
        is_not_yet_named: bool = False,
    ) -> NumberMatch | None:
        """Return the child of a number if a current or former surname, or the single name, and the date agree.

        The date may slip, the surname may be fuzzy. None where they do not agree, or there is no such child.
        """
        question = Question(
            surname=surname, given_names=given_names, date_of_birth=date_of_birth, is_not_yet_named=is_not_yet_named
        )
        if question.missing or date_of_birth.known_day is None:
            return None
        judge, asked = Judge(question), fold(surname)
        keys = [date_of_birth.known_day.toordinal(), *(day.toordinal() for day in slips(date_of_birth.known_day))]
        is_found = is_whole = False
        for key in (*keys, -date_of_birth.year):
            for entry in self._entries(key, number):
                held, given = fold(entry.name.surname), fold(entry.name.given_names)
                if (
                    judge.date(entry.date_of_birth) < DateAgreement.SLIP
                    or surnames(asked, held)[0] < NameAgreement.FUZZY
                ):
                    continue
                is_found = True
                found = judge.judged(entry.name.shape, held, given, entry.date_of_birth)
                is_whole |= found is not None and found.is_whole_name and not entry.is_former
        return NumberMatch(number, is_whole) if is_found else None

    def entries_of(self, number: int, date_of_birth: DateOfBirth) -> tuple[Entry, ...]:
        """Return the entries of a child, whose date of birth is held as given: what `Removed` needs."""
        found = self._entries(_day_key(date_of_birth), number)
        return tuple(entry for entry in found if entry.date_of_birth == date_of_birth)

    def current_of(self, numbers: Collection[int]) -> dict[int, Entry]:
        """Return the current entries of children by number; one that is not here is left out."""
        found: dict[int, Entry] = {}
        for day, number in self._by_number.places(self._days, numbers):
            for entry in self._entries(day, number):
                if not entry.is_former:
                    found[number] = entry
        return found

    def prepare(self) -> None:
        """Make ready to be asked by number."""
        self._by_number.prepare(self._days)

    def dumped(self) -> Dump:
        """Return the whole index as it is now; changes made later are not in it."""
        with self._writing:
            families = [list(self._days.items()), list(self._sounds.items())]
        pages_size = sum(_PAGE.size + len(page.records) + len(page.words) for family in families for _, page in family)
        return Dump(size=_HEAD.size + pages_size, pieces=_pieces(families))

    def load(self, pieces: Iterable[bytes]) -> None:
        """Replace everything by what `dumped` said, however it was cut since; raises ValueError for anything else."""
        reader = _Reader(pieces)
        version, days, sounds = _HEAD.unpack(reader.take(_HEAD.size))
        if version != 1:
            raise ValueError("not an index")
        families: list[dict[int, Page]] = []
        for count in (days, sounds):
            family: dict[int, Page] = {}
            for _ in range(count):
                key, records, words = _PAGE.unpack(reader.take(_PAGE.size))
                if records % RECORD:
                    raise ValueError("not an index")
                family[key] = Page(reader.take(records), reader.take(words))
            families.append(family)
        with self._writing:
            self._days, self._sounds = families

    def _add(self, added: Sequence[Folded], days: Sequence[int]) -> None:
        by_day: dict[int, list[Folded]] = defaultdict(list)
        by_sound: dict[int, list[Folded]] = defaultdict(list)
        for entry, day in zip(added, days, strict=True):
            by_day[day].append(entry)
            by_sound[_sound_key(day, entry.group)].append(entry)
        for family, new in ((self._days, by_day), (self._sounds, by_sound)):
            for key, entries in new.items():
                family[key] = pages.with_added(family.get(key, EMPTY), entries)

    def _remove(self, entry: Entry) -> None:
        gone, day = pages.folded(entry), _day_key(entry.date_of_birth)
        for family, key in ((self._days, day), (self._sounds, _sound_key(day, gone.group))):
            page = pages.with_removed(family.get(key, EMPTY), gone)
            if page.records:
                family[key] = page
            else:
                family.pop(key, None)

    def _read(self, question: Question, judge: Judge) -> Iterator[tuple[pages.Record, str, str]]:
        """Yield the records, with folded names, that are worth judging."""
        born = question.date_of_birth
        if born is None:
            return
        days: list[int] = []
        spelt: set[int] = set()
        sounding_so = sounding.groups(question, born.year, with_edits=False)
        if born.known_day is not None:
            near = {born.known_day, *slips(born.known_day), *wide_slips(born.known_day)}
            days = [*sorted(day.toordinal() for day in near), -born.year]
        if born.precision is not Precision.DAY or born.is_estimated:
            spelt = sounding.groups(question, born.year, with_edits=True) - sounding_so
        whole = _joined([self._sounds.get(born.year * GROUPS + group, EMPTY) for group in sounding_so])
        filtered = _joined(
            [self._days.get(day, EMPTY) for day in days]
            + [self._sounds.get(born.year * GROUPS + group, EMPTY) for group in spelt]
        )
        words = filtered.words.decode().split("\n")
        places = prefilter.worth_judging(question, words[0:-1:WORDS], words[1:-1:WORDS])
        yield from _dated(filtered, words, places, judge)
        words = whole.words.decode().split("\n")
        yield from _dated(whole, words, range(whole.entries), judge)

    def _postcode_agrees(self, question: Question, record: pages.Record) -> bool:
        tag = self._key.postcode_tag(record.number, question.postcode)
        return tag is not None and tag == record.postcode_tag

    def _current(self, number: int, date_of_birth: DateOfBirth) -> Entry | None:
        for entry in self._entries(_day_key(date_of_birth), number):
            if not entry.is_former:
                return entry
        return None

    def _entries(self, day: int, number: int) -> list[Entry]:
        page = self._days.get(day, EMPTY)
        return [pages.entry_at(page, place) for place in pages.places_of(page, pages.number_bytes(number))]


def _pieces(families: Sequence[Sequence[tuple[int, Page]]]) -> Iterator[bytes]:
    yield _HEAD.pack(1, *(len(family) for family in families))
    for family in families:
        for key, page in family:
            yield _PAGE.pack(key, len(page.records), len(page.words)) + page.records + page.words


class _Reader:
    """Takes pieces of any lengths from pieces of other lengths."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._held = b""
        self._at = 0

    def take(self, length: int) -> bytes:
        """Return the next bytes; raises ValueError when there are not so many."""
        while len(self._held) - self._at < length:
            piece = next(self._pieces, None)
            if piece is None:
                raise ValueError("not an index")
            self._held, self._at = self._held[self._at :] + piece, 0
        self._at += length
        return self._held[self._at - length : self._at]


def _dated(
    page: Page, words: Sequence[str], places: Iterable[int], judge: Judge
) -> Iterator[tuple[pages.Record, str, str]]:
    for place in places:
        record = pages.unpacked(page.records[place * RECORD : (place + 1) * RECORD])
        if judge.date(record.date_of_birth) is not DateAgreement.NONE:
            yield record, words[place * WORDS], words[place * WORDS + 1]


def _joined(found: Sequence[Page]) -> Page:
    return Page(b"".join(page.records for page in found), b"".join(page.words for page in found))


def _day_key(born: DateOfBirth) -> int:
    day = born.known_day
    return -born.year if day is None or born.is_estimated else day.toordinal()


def _sound_key(day: int, group: int) -> int:
    year = -day if day < 0 else date.fromordinal(day).year
    return year * GROUPS + group
