"""Which children a search means: how names and dates agree, the tiers, and what counts as the whole current name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

from doublemetaphone import doublemetaphone
from rapidfuzz.distance import OSA, JaroWinkler

from services.directory.domain.dates import DateAgreement, DateOfBirth, Precision, agreement, agrees_for_a_limited_child
from services.directory.domain.names import ChildName, Shape, fold, joined

FUZZY_AT_LEAST = 0.80
"""Jaro-Winkler of two names that may be one, misspelt (bench/search.py)."""
FAINT_AT_LEAST = 0.70
"""Jaro-Winkler below which two names are two names, even if they sound alike: Leah is no Lou."""
_PART_LETTERS = 4
_PART_SCORE = 0.85
_SWAPPED_FACTOR = 0.95
_FIRST_NAME_SCORE = 0.97
_EDITED_AT_MOST = 0.96
_WIDE_PENALTY = 0.2
_SOUND_OF_OTHER_SCRIPTS = 4


class NameAgreement(IntEnum):
    """How two names agree; the closer, the greater."""

    NONE = 0
    FAINT = 1
    """Counts only beside another name that is alike."""
    FUZZY = 2
    """Similar, or one a part of the other."""
    ALIKE = 3
    """One edit apart (a letter more, less, other, or two neighbours swapped), or of one sound."""
    SAME = 4


Agreed = tuple[NameAgreement, float]
_NOT_AT_ALL: Agreed = (NameAgreement.NONE, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """How one entry of the index answers a question."""

    tier: int
    """1 date and names alike, 2 names fuzzy, 3 date slipped."""
    score: float
    """Orders the matches of a tier; shown to nobody."""
    is_whole_name: bool
    """Each part of the name, and the date, was given and agrees by itself with this entry's."""


@dataclass(frozen=True, kw_only=True)
class Question:
    """What somebody typed into a search."""

    surname: str = ""
    given_names: str = ""
    date_of_birth: DateOfBirth | None = None
    postcode: str = ""
    is_not_yet_named: bool = False

    def __repr__(self) -> str:
        """Return a text without what was typed."""
        return "Question()"

    @cached_property
    def folded_surname(self) -> str:
        """The surname, folded."""
        return fold(self.surname)

    @cached_property
    def folded_given_names(self) -> str:
        """The given names, folded."""
        return fold(self.given_names)

    @property
    def missing(self) -> tuple[tuple[str, str], ...]:
        """Field paths and reasons of what is needed and was not given; empty where it is enough.

        A surname with a date of birth, or a surname with a given name and a year; one name may stand in either field.
        """
        faults = []
        one, other = bool(self.folded_surname), bool(self.folded_given_names)
        if not one and not other:
            faults.append(("surname", "REQUIRED"))
        if self.is_not_yet_named and other:
            faults.append(("given_names", "CONTRADICTS_NOT_YET_NAMED"))
        if self.date_of_birth is None:
            faults.append(("date_of_birth", "REQUIRED"))
        elif self.date_of_birth.precision is not Precision.DAY and not (one and other):
            faults.append(
                (
                    "date_of_birth.day" if one and not self.is_not_yet_named else "date_of_birth",
                    "REQUIRED_WITH_ONE_NAME",
                )
            )
        return tuple(faults)

    @property
    def name(self) -> ChildName:
        """The name as it was asked for, in one of the three shapes."""
        if self.is_not_yet_named:
            return ChildName.not_yet_named(self.surname)
        if self.folded_surname and self.folded_given_names:
            return ChildName.full(self.surname, self.given_names)
        return ChildName.single(self.surname if self.folded_surname else self.given_names)

    @property
    def is_name_and_date_only(self) -> bool:
        """Whether a name and a day of birth were given, and nothing else was."""
        has_day = self.date_of_birth is not None and self.date_of_birth.precision is Precision.DAY
        return has_day and not self.postcode.strip() and not self.missing


def sounds(folded: str) -> tuple[str, str]:
    """Return how a folded name sounds, and how else it may: codes of double metaphone (Philips, 2000), or one twice.

    Names of other scripts sound as they begin.
    """
    whole = joined(folded)
    first, second = doublemetaphone(whole)
    first = first or whole[:_SOUND_OF_OTHER_SCRIPTS]
    return first, second or first


def whole_names(one: str, other: str) -> Agreed:
    """Return how two names without spaces agree, and their similarity from 0 to 1."""
    if not one or not other:
        return _NOT_AT_ALL
    if one == other:
        return NameAgreement.SAME, 1.0
    similarity = JaroWinkler.similarity(one, other)
    if max(len(one), len(other)) > 1 and _is_one_edit(one, other):
        return NameAgreement.ALIKE, min(max(similarity, FUZZY_AT_LEAST), _EDITED_AT_MOST)
    if similarity >= FAINT_AT_LEAST and set(sounds(one)) & set(sounds(other)):
        return NameAgreement.ALIKE, min(similarity, _EDITED_AT_MOST)
    if similarity >= FUZZY_AT_LEAST:
        return NameAgreement.FUZZY, similarity
    return (NameAgreement.FAINT, similarity) if similarity >= FAINT_AT_LEAST else _NOT_AT_ALL


def _is_one_edit(one: str, other: str) -> bool:
    if OSA.distance(one, other, score_cutoff=1) <= 1:
        return True
    # Mac and Mc are folded into one, but not a Mac that was mistyped.
    return (one.startswith("mc") or other.startswith("mc")) and OSA.distance(
        _mac(one), _mac(other), score_cutoff=1
    ) <= 1


def _mac(name: str) -> str:
    return f"mac{name[2:]}" if name.startswith("mc") else name


def surnames(asked: str, held: str) -> Agreed:
    """Return how two folded surnames agree: as wholes, or fuzzily by a part of a double name."""
    best = whole_names(joined(asked), joined(held))
    if best[0] >= NameAgreement.ALIKE or not (" " in asked or " " in held):
        return best
    return max(best, _by_parts(asked, held))


def given_names(asked: str, held: str) -> Agreed:
    """Return how two folded given names agree: by the first name or all together, or fuzzily by another of them."""
    best = whole_names(joined(asked), joined(held))
    if best[0] is NameAgreement.SAME or not (" " in asked or " " in held):
        return best
    asked_forms, held_forms = (asked.partition(" ")[0], joined(asked)), (held.partition(" ")[0], joined(held))
    for one in asked_forms:
        for other in held_forms:
            level, score = whole_names(one, other)
            best = max(best, (level, score * _FIRST_NAME_SCORE))
    return best if best[0] >= NameAgreement.ALIKE else max(best, _by_parts(asked, held))


class Judge:
    """Judges entries against one question, remembering names it has met: most surnames of a page come again."""

    def __init__(self, question: Question) -> None:
        if question.date_of_birth is None:
            raise ValueError("a question that asks too little is not judged")
        self._date = question.date_of_birth
        self._surname = question.folded_surname
        self._given = question.folded_given_names
        self._shape = question.name.shape
        self._one_name = self._surname or self._given
        self._as_surname: dict[str, Agreed] = {}
        self._as_given: dict[str, Agreed] = {}
        self._swapped_surname: dict[str, Agreed] = {}
        self._swapped_given: dict[str, Agreed] = {}
        self._dates: dict[DateOfBirth, DateAgreement] = {}

    def date(self, held: DateOfBirth) -> DateAgreement:
        """Return how the date asked for agrees with one that is held."""
        found = self._dates.get(held)
        if found is None:
            found = self._dates[held] = agreement(self._date, held)
        return found

    def judged(self, shape: Shape, surname: str, given: str, held: DateOfBirth) -> Match | None:
        """Return how an entry of this shape and these folded names answers the question; None if it does not."""
        dates = self.date(held)
        if dates is DateAgreement.NONE:
            return None
        level, score, is_whole = self._names(shape, surname, given)
        if level < NameAgreement.FUZZY or (dates is DateAgreement.WIDE and level < NameAgreement.ALIKE):
            return None
        if dates is DateAgreement.SAME:
            tier = 1 if level >= NameAgreement.ALIKE else 2
        else:
            tier = 3
            score -= _WIDE_PENALTY * (dates is DateAgreement.WIDE)
        return Match(tier=tier, score=score, is_whole_name=is_whole and agrees_for_a_limited_child(self._date, held))

    def _names(  # noqa: PLR0911  # a table of shapes, one line each
        self, shape: Shape, surname: str, given: str
    ) -> tuple[NameAgreement, float, bool]:
        as_surname = self._surname_agreed(surname)
        match self._shape, shape:
            case Shape.FULL, Shape.FULL:
                as_given = self._given_agreed(given)
                straight = _both(as_surname, as_given)
                if straight[0] >= NameAgreement.ALIKE:
                    return (*straight, True)
                swapped = _at_most_fuzzy(
                    _both(self._swapped_surname_agreed(surname), self._swapped_given_agreed(given))
                )
                return (*max(straight, (swapped[0], swapped[1] * _SWAPPED_FACTOR)), False)
            case Shape.FULL, Shape.SINGLE:
                either = as_surname, self._swapped_surname_agreed(surname)
                if min(either)[0] >= NameAgreement.ALIKE:
                    return (*min(either), True)
                return (*_at_most_fuzzy(max(either)), False)
            case Shape.FULL, Shape.NOT_YET_NAMED:
                return (*_at_most_fuzzy(as_surname), False)
            case Shape.SINGLE, Shape.FULL:
                return (*max(as_surname, _at_most_fuzzy(self._given_agreed(given))), False)
            case Shape.NOT_YET_NAMED, Shape.FULL | Shape.SINGLE:
                return (*_at_most_fuzzy(as_surname), False)
            case Shape.SINGLE, Shape.NOT_YET_NAMED:
                return (*as_surname, False)
            case _:
                return (*as_surname, as_surname[0] >= NameAgreement.ALIKE)

    def _surname_agreed(self, held: str) -> Agreed:
        found = self._as_surname.get(held)
        if found is None:
            found = self._as_surname[held] = surnames(self._surname or self._given, held)
        return found

    def _given_agreed(self, held: str) -> Agreed:
        found = self._as_given.get(held)
        if found is None:
            found = self._as_given[held] = given_names(self._given or self._surname, held)
        return found

    def _swapped_surname_agreed(self, held: str) -> Agreed:
        found = self._swapped_surname.get(held)
        if found is None:
            found = self._swapped_surname[held] = given_names(self._given, held)
        return found

    def _swapped_given_agreed(self, held: str) -> Agreed:
        found = self._swapped_given.get(held)
        if found is None:
            found = self._swapped_given[held] = given_names(self._surname, held)
        return found


def _both(one: Agreed, other: Agreed) -> Agreed:
    least, most = sorted((one[0], other[0]))
    if least is NameAgreement.NONE:
        return _NOT_AT_ALL
    if least is NameAgreement.FAINT:
        least = NameAgreement.FUZZY if most >= NameAgreement.ALIKE else NameAgreement.NONE
    return least, (one[1] + other[1]) / 2


def _at_most_fuzzy(agreed: Agreed) -> Agreed:
    return min(agreed[0], NameAgreement.FUZZY), agreed[1]


def _by_parts(asked: str, held: str) -> Agreed:
    """Return a fuzzy agreement where a word of the one is a word of the other, or the whole other, but for an edit."""
    asked_parts = {word for word in (*asked.split(), joined(asked)) if len(word) >= _PART_LETTERS}
    held_parts = {word for word in (*held.split(), joined(held)) if len(word) >= _PART_LETTERS}
    if asked_parts & held_parts or any(
        OSA.distance(one, other, score_cutoff=1) <= 1 for one in asked_parts for other in held_parts
    ):
        return NameAgreement.FUZZY, _PART_SCORE
    return _NOT_AT_ALL
