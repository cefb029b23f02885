"""Dates of birth: dates with a precision, and the slips that people make with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import IntEnum

from services.runtime.errors import InvalidRequest

_EARLIEST_YEAR = 1900
_LATEST_YEAR = 2200
_ONE_DAY = timedelta(days=1)


class Precision(IntEnum):
    """How much of a date is known."""

    YEAR = 1
    MONTH = 2
    DAY = 3


class DateAgreement(IntEnum):
    """How two dates of birth agree; the closer, the greater."""

    NONE = 0
    WIDE = 1
    """The neighbouring month or year: believed only where the names are alike."""
    SLIP = 2
    """The day before or after, or day and month swapped; for an estimate, another day of its year."""
    SAME = 3


@dataclass(frozen=True, slots=True)
class DateOfBirth:
    """A date of birth: a year, perhaps a month (else 0), perhaps a day (else 0), perhaps an estimate."""

    year: int
    month: int = 0
    day: int = 0
    is_estimated: bool = False

    @classmethod
    def of(
        cls, year: int, month: int, day: int, *, is_estimated: bool = False, field: str = "date_of_birth"
    ) -> DateOfBirth:
        """Return a date of birth that the calendar knows; raises InvalidRequest naming the part that is wrong."""
        if not _EARLIEST_YEAR <= year <= _LATEST_YEAR:
            raise InvalidRequest([(field + ".year", "NO_SUCH_YEAR")])
        if not 0 <= month <= 12:  # noqa: PLR2004  # months
            raise InvalidRequest([(field + ".month", "NO_SUCH_MONTH")])
        if day and not month:
            raise InvalidRequest([(field + ".month", "REQUIRED_WITH_DAY")])
        if day and (_date(year, month, day) is None):
            raise InvalidRequest([(field + ".day", "NO_SUCH_DAY")])
        return cls(year, month, day, is_estimated)

    @property
    def precision(self) -> Precision:
        """How much of it is known."""
        if self.day:
            return Precision.DAY
        return Precision.MONTH if self.month else Precision.YEAR

    @property
    def known_day(self) -> date | None:
        """The day, where it is known, estimated or not."""
        return date(self.year, self.month, self.day) if self.day else None

    @property
    def is_certain(self) -> bool:
        """Whether it is a day, and no estimate."""
        return bool(self.day) and not self.is_estimated

    def __repr__(self) -> str:
        """Return a text without the date."""
        return f"DateOfBirth({self.precision.name})"


def slips(day: date) -> frozenset[date]:
    """Return the days that are taken for `day` by a slip: the day before, the day after, day and month swapped."""
    swapped = _date(day.year, day.day, day.month)
    return frozenset({day - _ONE_DAY, day + _ONE_DAY, swapped or day}) - {day}


def wide_slips(day: date) -> frozenset[date]:
    """Return the days one month or one year away, where the calendar has them."""
    months = day.year * 12 + day.month - 1
    near = {
        _date(number // 12, number % 12 + 1, day.day) for number in (months - 1, months + 1, months - 12, months + 12)
    }
    return frozenset(found for found in near if found) - slips(day) - {day}


def agreement(given: DateOfBirth, held: DateOfBirth) -> DateAgreement:
    """Return how the date that somebody gave agrees with the one that is held.

    What is not known on either side cannot disagree. An estimate, held or given, slips to any day of its year.
    """
    if given.year == held.year and _same_where_both_known(given, held):
        return DateAgreement.SAME
    if given.year == held.year and (not held.is_certain or given.is_estimated):
        return DateAgreement.SLIP
    one, other = given.known_day, held.known_day
    if one is None or other is None:
        return DateAgreement.NONE
    if other in slips(one):
        return DateAgreement.SLIP
    return DateAgreement.WIDE if other in wide_slips(one) else DateAgreement.NONE


def agrees_for_a_limited_child(given: DateOfBirth, held: DateOfBirth) -> bool:
    """Whether a date that somebody gave agrees with the one held as strictly as finding a limited child asks.

    A day must be given, and that it is called an estimate widens nothing: a year would else be enough. An estimate that
    is held agrees with any day of its year: it says no more, and a twin would else be created beside it.
    """
    day, known = given.known_day, held.known_day
    if day is None:
        return False
    if known is not None and (day == known or day in slips(known)):
        return True
    return (
        not held.is_certain and given.year == held.year and (known is not None or _same_where_both_known(given, held))
    )


def _same_where_both_known(one: DateOfBirth, other: DateOfBirth) -> bool:
    if one.month and other.month and one.month != other.month:
        return False
    return not (one.day and other.day and one.day != other.day)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
