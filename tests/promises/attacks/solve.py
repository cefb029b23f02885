"""What a clue is worth: values by frequency, by children he knows, by what reads address; and equality."""

from __future__ import annotations

import math
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from services.directory.domain.dates import slips
from tests.promises.attacks.clues import NONE, Classes, Clue, coded, links_by_transaction
from tests.promises.attacks.haul import Haul

FIELDS = ("surname", "given names", "date of birth", "postcode")
_LEAST_PAIRS = 50


@dataclass(frozen=True)
class Truth:
    """What is true of the rows of a table: a code for each value of a field; NONE where a row is no child's."""

    codes: Mapping[str, Classes]
    is_known: npt.NDArray[np.bool_]
    """The rows of the children that the attacker knows beforehand."""
    days: Sequence[date | None]
    """Dates of birth in full, for the attack that reckons with the calendar."""

    @classmethod
    def of(cls, people: Sequence[Mapping[str, object] | None], is_known: Sequence[bool]) -> Truth:
        """Return the truth of rows, each a child's values by field, or None."""
        codes = {field: coded(None if one is None else one.get(field) for one in people) for field in FIELDS}
        days = [None if one is None else one["date of birth"] for one in people]
        known = np.asarray(is_known, dtype=np.bool_)
        return cls(codes, known, [day if isinstance(day, date) else None for day in days])


@dataclass(frozen=True)
class Result:
    """How well one attack did on one field, beside what a guess does."""

    attack: str
    field: str
    share: float
    guess: float
    tries: int
    """How often it had the choice, as far as one choice does not follow from another."""

    @property
    def gain(self) -> float:
        """What the attack adds to a guess."""
        return self.share - self.guess

    @property
    def luck(self) -> float:
        """How likely a guess does as well by luck, at most (Chernoff's bound)."""
        share, guess = self.share, self.guess
        if share <= guess or not guess:
            return 1.0
        rest = (1 - share) * math.log((1 - share) / (1 - guess)) if share < 1 else 0.0
        return math.exp(-self.tries * (share * math.log(share / guess) + rest))

    def __str__(self) -> str:
        return f"{self.field}: {100 * self.share:.2f} % (guess {100 * self.guess:.2f} %) by {self.attack}"


@dataclass(frozen=True)
class _Counted:
    """A clue with its classes numbered from 0, and counted, once for all attacks."""

    name: str
    classes: Classes
    counts: npt.NDArray[np.int64]

    @classmethod
    def of(cls, clue: Clue) -> _Counted:
        says = clue.classes != NONE
        _, inverse, counts = np.unique(clue.classes[says], return_inverse=True, return_counts=True)
        classes = np.full(len(clue.classes), NONE, dtype=np.int64)
        classes[says] = inverse
        return cls(clue.name, classes, counts)

    def guesses(self, value_of_class: Classes) -> Classes:
        """Return for each row the value that its class is thought to have."""
        return np.where(self.classes == NONE, NONE, value_of_class[self.classes])


def results(clues: Iterable[Clue], truth: Truth) -> Iterator[Result]:
    """Yield what each clue recovers of each field, in every way."""
    for clue in clues:
        counted = _Counted.of(clue)
        if len(counted.counts) < 2 or int(counted.counts.max()) < 2:
            continue
        for field, codes in truth.codes.items():
            yield _scored(f"known children, {clue.name}", field, truth, _by_known(counted, codes, truth.is_known))
            yield _scored(f"frequency, {clue.name}", field, truth, _by_frequency(counted, codes))
            if (equal := _equality(counted, field, codes)) is not None:
                yield equal


def best(found: Iterable[Result]) -> dict[str, Result]:
    """Return for each field, and each field's equality, the attack that luck explains least."""
    winners: dict[str, Result] = {}
    for one in found:
        held = winners.get(one.field)
        if held is None or (one.luck, -one.gain) < (held.luck, -held.gain):
            winners[one.field] = one
    return winners


def dated_by_reads(haul: Haul, subject: str, truth: Truth) -> Iterator[Result]:
    """Date rows by what searches read together, as the pages of days one slip apart are; yield a result a table.

    A row is tied to a page that was written in its transaction. The pages of known children have their dates; a search
    that reads dated pages and one that is not dates that one, if only one search can have read them all.
    """
    selects = (one for one in haul.said if one.statement.lstrip().upper().startswith("SELECT"))
    reads = [set(values) for one in selects for values in one.parameters if len(values) > 1]
    addressed = set().union(*reads) if reads else set()
    for name, other in haul.tables.items():
        for column, values in other.columns.items():
            hashes = [hash(value) for value in values] if addressed and name != subject else []
            if not addressed.intersection(hashes):
                continue
            link = links_by_transaction(haul.tables[subject], other)
            page_of = [None if row == NONE else hashes[row] for row in link]
            day_of = _dated_pages(reads, page_of, truth)
            guesses = coded_days(truth, [None if page is None else day_of.get(page) for page in page_of])
            yield _scored(f"what reads address together, {name}.{column}", "date of birth", truth, guesses)


def coded_days(truth: Truth, days: Sequence[date | None]) -> Classes:
    """Return the code of each day as `truth` has it, NONE for a day that nobody was born on."""
    codes = {day: code for day, code in zip(truth.days, truth.codes["date of birth"], strict=True) if day is not None}
    return np.fromiter((NONE if day is None else codes.get(day, NONE) for day in days), dtype=np.int64, count=len(days))


def _dated_pages(reads: Sequence[set[int]], page_of: Sequence[int | None], truth: Truth) -> dict[int, date]:
    said: dict[int, Counter[date]] = defaultdict(Counter)
    for page, day, is_known in zip(page_of, truth.days, truth.is_known, strict=True):
        if is_known and page is not None and day is not None:
            said[page][day] += 1
    day_of = {page: days.most_common(1)[0][0] for page, days in said.items()}
    reads_of: dict[int, list[set[int]]] = defaultdict(list)
    for read in reads:
        for page in read:
            reads_of[page].append(read)
    waiting = deque(day_of)
    while waiting:
        for read in reads_of[waiting.popleft()]:
            dated = {day_of[page] for page in read if page in day_of}
            new = [page for page in read if page not in day_of]
            if len(new) != 1 or not dated:
                continue
            if (day := _missing_day(dated, len(read), set(day_of.values()))) is not None:
                day_of[new[0]] = day
                waiting.append(new[0])
    return day_of


def _missing_day(dated: set[date], size: int, taken: set[date]) -> date | None:
    """Return the one day that a read of so many pages can have besides those dated, if there is one only."""
    some = next(iter(dated))
    near = {some, *slips(some)}
    centres = near | {day + timedelta(days=by) for day in near for by in (-1, 1)}
    possible = set()
    for centre in centres:
        whole = {centre, *slips(centre)}
        if dated < whole and len(whole) == size:
            possible |= whole - dated - taken
    return possible.pop() if len(possible) == 1 else None


def _scored(attack: str, field: str, truth: Truth, guesses: Classes) -> Result:
    codes = truth.codes[field]
    scored = (codes != NONE) & ~truth.is_known
    total = int(np.count_nonzero(scored))
    mode = int(np.bincount(codes[scored]).argmax()) if total else 0
    filled = np.where(guesses == NONE, mode, guesses)
    share = float(np.mean(filled[scored] == codes[scored])) if total else 0.0
    guess = float(np.mean(codes[scored] == mode)) if total else 0.0
    return Result(attack, field, share, guess, total)


def _by_known(clue: _Counted, codes: Classes, is_known: npt.NDArray[np.bool_]) -> Classes:
    """Return for each row the value that most known rows of its class have."""
    usable = is_known & (clue.classes != NONE) & (codes != NONE)
    value = np.full(len(clue.counts), NONE, dtype=np.int64)
    if np.any(usable):
        pairs, counts = np.unique(np.stack([clue.classes[usable], codes[usable]]), axis=1, return_counts=True)
        # The most frequent is written last, and stays.
        order = np.argsort(counts, kind="stable")
        value[pairs[0][order]] = pairs[1][order]
    return clue.guesses(value)


def _by_frequency(clue: _Counted, codes: Classes) -> Classes:
    """Return for each row the value whose public rank is its class's rank by size."""
    public = _largest_first(np.bincount(codes[codes != NONE]), lot=2)
    value = np.full(len(clue.counts), NONE, dtype=np.int64)
    ranked = _largest_first(clue.counts, lot=1)[: len(public)]
    value[ranked] = public[: len(ranked)]
    return clue.guesses(value)


def _largest_first(counts: npt.NDArray[np.int64], *, lot: int) -> npt.NDArray[np.int64]:
    # Drawn by lot among equals: their order here must not tell what an attacker would not know.
    return np.lexsort((np.random.default_rng(lot).permutation(len(counts)), -counts))


def _equality(clue: _Counted, field: str, codes: Classes) -> Result | None:
    """Return how often two rows of a class are alike in a field, beside how often any two are."""
    usable = (clue.classes != NONE) & (codes != NONE)
    classes, values = clue.classes[usable], codes[usable]
    counts = np.bincount(classes)
    claimed = _pairs(counts)
    if claimed < _LEAST_PAIRS:
        return None
    # Class and value as one number: far quicker to count than pairs are.
    equal = _pairs(np.unique(classes * (int(values.max()) + 1) + values, return_counts=True)[1])
    everything = codes[codes != NONE]
    guess = _pairs(np.bincount(everything)) / _pairs(np.asarray([len(everything)]))
    # Of three alike each two are a pair, but the third follows: so only every second row that has a mate is a try.
    return Result(f"same {clue.name}", f"equal {field}", equal / claimed, guess, int(counts[counts > 1].sum()) // 2)


def _pairs(counts: npt.NDArray[np.int64]) -> int:
    return int(np.sum(counts.astype(np.int64) * (counts.astype(np.int64) - 1) // 2))
