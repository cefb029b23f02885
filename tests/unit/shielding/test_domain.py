"""Working days, reviews, and the table of bank holidays."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.layout import PROJECT
from services.shielding.domain import LONDON, after_working_days, holidays_run_out

HOLIDAYS = frozenset(
    tomllib.loads((PROJECT / "services" / "shielding" / "bank_holidays.toml").read_text("utf-8"))["days"]
)


@pytest.mark.parametrize(
    "now, due",
    [
        # A Monday's five days end with the next Monday.
        (datetime(2026, 6, 1, 9, tzinfo=UTC), datetime(2026, 6, 8, 23, tzinfo=UTC)),
        # Christmas and Boxing Day of 2026 fall on a Friday and a Saturday, so Monday is a holiday too.
        (datetime(2026, 12, 23, 9, tzinfo=UTC), datetime(2027, 1, 5, 0, tzinfo=UTC)),
        # Both are on a weekend in 2027, and so is New Year of 2028.
        (datetime(2027, 12, 24, 9, tzinfo=UTC), datetime(2028, 1, 6, 0, tzinfo=UTC)),
        # Easter of 2026: Good Friday the 3rd, Monday the 6th.
        (datetime(2026, 4, 1, 9, tzinfo=UTC), datetime(2026, 4, 10, 23, tzinfo=UTC)),
        # Half past midnight in London is still yesterday in UTC.
        (datetime(2026, 6, 1, 23, 30, tzinfo=UTC), datetime(2026, 6, 9, 23, tzinfo=UTC)),
    ],
)
def test_five_working_days(now: datetime, due: datetime) -> None:
    assert after_working_days(now, 5, HOLIDAYS) == due


@given(st.datetimes(datetime(2026, 1, 1), datetime(2028, 6, 1), timezones=st.just(UTC)), st.integers(1, 20))  # noqa: DTZ001  # hypothesis adds it
def test_they_end_after_exactly_that_many(now: datetime, days: int) -> None:
    due = after_working_days(now, days, HOLIDAYS)
    first, end = now.astimezone(LONDON).date(), due.astimezone(LONDON).date()
    between = [first + timedelta(days=n) for n in range(1, (end - first).days)]
    assert sum(day.weekday() < 5 and day not in HOLIDAYS for day in between) == days


def test_every_year_of_the_table_has_its_eight_days_on_working_days() -> None:
    years = [day.year for day in HOLIDAYS]
    assert {year: years.count(year) for year in years} == dict.fromkeys(range(min(years), max(years) + 1), 8)
    assert all(day.weekday() < 5 for day in HOLIDAYS)


def test_its_end_alarms_half_a_year_ahead() -> None:
    assert not holidays_run_out(datetime(2028, 6, 1, tzinfo=UTC), HOLIDAYS)
    assert holidays_run_out(datetime(2028, 7, 15, tzinfo=UTC), HOLIDAYS)
    assert holidays_run_out(datetime(2026, 1, 1, tzinfo=UTC), frozenset())
    assert date(2028, 12, 26) in HOLIDAYS
