"""Dates of birth with a precision: read from three fields, written as people say them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.about_children.submitted import Faults, Submitted

LONDON = ZoneInfo("Europe/London")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)
_EARLIEST_YEAR = 1900
_YEAR_DIGITS = 4
_SHORTEST_MONTH = 3


@dataclass(frozen=True, kw_only=True)
class TypedDate:
    """The three fields of a date, as typed."""

    day: str = ""
    month: str = ""
    year: str = ""

    def __repr__(self) -> str:
        """Return a text without the date."""
        return "TypedDate()"

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.day or self.month or self.year)


def typed(form: Submitted, prefix: str) -> TypedDate:
    """Return what stands in the fields `<prefix>-day`, `-month` and `-year`."""
    day, month, year = (form.one(f"{prefix}-{part}").strip() for part in ("day", "month", "year"))
    return TypedDate(day=day, month=month, year=year)


def read(said: TypedDate, *, prefix: str, what: str, today: date) -> tuple[pb.DateOfBirth | None, Faults]:
    """Return the date and what is wrong with it; no date where nothing was typed, or something is wrong.

    `what` begins the sentences, such as "Date of birth". A month may be a number or its name.
    """
    if said.is_empty:
        return None, {}
    numbers = _numbers(said)
    wrong = _wrong(said, numbers)
    if wrong is None and numbers > (today.year, today.month, today.day):
        wrong = ("year" if numbers[0] > today.year else "day" if numbers[2] else "month", "must be in the past")
    if wrong is not None:
        part, sentence = wrong
        return None, {f"{prefix}-{part}": f"{what} {sentence}"}
    year, month, day = numbers
    return pb.DateOfBirth(year=year, month=month, day=day), {}


def written(born: pb.DateOfBirth) -> str:
    """Return a date as people say it: "4 March 2015", "March 2015", "2015 (estimated)"."""
    parts = [str(born.day)] if born.day and born.month else []
    if 1 <= born.month <= len(_MONTHS):
        parts.append(_MONTHS[born.month - 1])
    parts.append(str(born.year))
    return " ".join(parts) + (" (estimated)" if born.is_estimated else "")


def day_of(moment: datetime) -> str:
    """Return an instant's day in London: "4 March 2015"."""
    local = moment.astimezone(LONDON)
    return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"


def time_of(moment: datetime) -> str:
    """Return an instant's day and time in London: "4 March 2015 at 3:07am"."""
    local = moment.astimezone(LONDON)
    return f"{day_of(moment)} at {(local.hour - 1) % 12 + 1}:{local.minute:02d}{'am' if local.hour < 12 else 'pm'}"  # noqa: PLR2004  # noon


def _numbers(said: TypedDate) -> tuple[int, int, int]:
    """Return year, month, day; 0 for what was not typed, -1 for what is none."""
    return _number(said.year), _month(said.month), _number(said.day)


def _wrong(said: TypedDate, numbers: tuple[int, int, int]) -> tuple[str, str] | None:
    year, month, day = numbers
    if not said.year:
        return "year", "must include a year"
    if len(said.year) != _YEAR_DIGITS or year < _EARLIEST_YEAR:
        return "year", f"must have a year of 4 numbers, from {_EARLIEST_YEAR}"
    if day and not month:
        return "month", "must include a month, if it has a day"
    if not 0 <= month <= len(_MONTHS) or (said.month and not month):
        return "month", "must have a month from 1 to 12"
    if day < 0 or (said.day and not day) or (day and not _is_day(year, month, day)):
        return "day", "must be a real date"
    return None


def _number(text: str) -> int:
    if not text:
        return 0
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _YEAR_DIGITS else -1


def _month(text: str) -> int:
    if len(text) >= _SHORTEST_MONTH and text.isalpha():
        return next((place for place, name in enumerate(_MONTHS, 1) if name.casefold().startswith(text.casefold())), -1)
    return _number(text)


def _is_day(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
