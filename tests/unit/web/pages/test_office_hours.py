"""When offices answer: London's working days, and a table of bank holidays that ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.web.pages.about_children import bank_holidays
from gateway.web.pages.about_children.office_hours import moment

MONDAY, SATURDAY = 0, 5


@pytest.mark.parametrize(
    "at, is_day",
    [
        ("2026-11-23T09:00", True),
        ("2026-11-23T08:59", False),
        ("2026-11-23T16:59", True),
        ("2026-11-23T17:00", False),
        ("2026-11-21T12:00", False),  # Saturday
        ("2026-11-22T12:00", False),  # Sunday
        ("2026-07-01T08:00", True),  # 9am in summer
        ("2026-07-01T07:59", False),
        ("2026-07-01T16:00", False),  # 5pm in summer
        ("2026-12-25T12:00", False),
        ("2026-12-28T12:00", False),  # Boxing Day falls on a Saturday
        ("2026-12-29T12:00", True),
        ("2027-03-26T12:00", False),  # Good Friday
        ("2026-05-25T12:00", False),
    ],
)
def test_offices_answer_on_working_days(at: str, is_day: bool) -> None:
    assert moment(datetime.fromisoformat(at).replace(tzinfo=UTC)).is_day is is_day


def test_after_the_table_ends_nobody_is_sure() -> None:
    last = datetime(bank_holidays.LAST.year, 12, 31, 12, tzinfo=UTC)
    assert moment(last).is_sure
    assert not moment(last + timedelta(days=1)).is_sure


def test_the_table_does_not_end_soon() -> None:
    # It is meant to fail when time has passed: then read the source again, and add a year.
    ends_in = bank_holidays.LAST - datetime.now(UTC).date()
    assert ends_in >= timedelta(days=90)


@pytest.mark.parametrize("year", range(bank_holidays.FIRST.year, bank_holidays.LAST.year + 1))
def test_the_table_is_what_the_act_of_1971_lays_down(year: int) -> None:
    assert {day for day in bank_holidays.DAYS if day.year == year} == _laid_down(year)


def _laid_down(year: int) -> set[date]:
    """New Year's Day, Good Friday, Easter Monday, three Mondays, Christmas and Boxing Day, with their substitutes."""
    easter = _easter(year)
    days = {easter - timedelta(days=2), easter + timedelta(days=1)}
    days.add(_next_weekday(date(year, 1, 1), taken=set()))
    days.add(_monday_from(date(year, 5, 1)))
    days.add(_monday_from(date(year, 5, 25)))
    days.add(_monday_from(date(year, 8, 25)))
    christmas = {date(year, 12, 25), date(year, 12, 26)}
    at_week_ends = [day for day in sorted(christmas) if day.weekday() >= SATURDAY]
    kept = christmas - set(at_week_ends)
    for day in at_week_ends:
        kept.add(_next_weekday(day, taken=kept))
    return days | kept


def _next_weekday(day: date, *, taken: set[date]) -> date:
    while day.weekday() >= SATURDAY or day in taken:
        day += timedelta(days=1)
    return day


def _monday_from(day: date) -> date:
    return day + timedelta(days=(MONDAY - day.weekday()) % 7)


def _easter(year: int) -> date:
    """Easter Sunday by the Gregorian computus (Meeus, Jones, Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)
