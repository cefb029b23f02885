"""How dates of birth agree, and which slips are forgiven."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.domain.dates import (
    DateAgreement,
    DateOfBirth,
    agreement,
    agrees_for_a_limited_child,
    slips,
    wide_slips,
)
from services.runtime.errors import InvalidRequest

DAYS = st.dates(date(1995, 1, 2), date(2030, 12, 30))


def exactly(day: date) -> DateOfBirth:
    return DateOfBirth(day.year, day.month, day.day)


@given(DAYS)
def test_a_slip_is_mutual_and_never_the_day_itself(day: date) -> None:
    assert day not in slips(day)
    assert all(day in slips(other) for other in slips(day))
    assert not slips(day) & wide_slips(day)


@given(DAYS)
def test_the_days_beside_and_the_swapped_one_are_slips(day: date) -> None:
    assert {day - timedelta(days=1), day + timedelta(days=1)} <= slips(day)
    if day.day <= 12 and day.day != day.month:
        assert date(day.year, day.day, day.month) in slips(day)


def test_leap_days() -> None:
    assert slips(date(2016, 2, 29)) == {date(2016, 2, 28), date(2016, 3, 1)}
    assert wide_slips(date(2016, 2, 29)) == {date(2016, 1, 29), date(2016, 3, 29)}


@pytest.mark.parametrize(
    "given_,held,expected",
    [
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 3, 4), DateAgreement.SAME),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 4, 3), DateAgreement.SLIP),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 4, 4), DateAgreement.WIDE),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2014, 3, 4), DateAgreement.WIDE),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 6, 4), DateAgreement.NONE),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015), DateAgreement.SAME),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 3), DateAgreement.SAME),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 7, is_estimated=True), DateAgreement.SLIP),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 1, 1, is_estimated=True), DateAgreement.SLIP),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2016, is_estimated=True), DateAgreement.NONE),
        (DateOfBirth(2015, 3, 4, is_estimated=True), DateOfBirth(2015, 9, 9), DateAgreement.SLIP),
        (DateOfBirth(2015), DateOfBirth(2015, 9, 9), DateAgreement.SAME),
        (DateOfBirth(2015), DateOfBirth(2016, 9, 9), DateAgreement.NONE),
    ],
)
def test_agreement(given_: DateOfBirth, held: DateOfBirth, expected: DateAgreement) -> None:
    assert agreement(given_, held) is expected


@pytest.mark.parametrize(
    "given_,held,expected",
    [
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 3, 4), True),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 3, 5), True),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 4, 4), False),
        (DateOfBirth(2015), DateOfBirth(2015, 3, 4), False),
        (DateOfBirth(2015, 3), DateOfBirth(2015, 3, 4), False),
        (DateOfBirth(2015, 7, 1, is_estimated=True), DateOfBirth(2015, 3, 4), False),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015, 1, 1, is_estimated=True), True),
        (DateOfBirth(2015, 3, 4), DateOfBirth(2015), True),
    ],
)
def test_a_limited_child_asks_for_a_day_that_agrees(given_: DateOfBirth, held: DateOfBirth, expected: bool) -> None:
    assert agrees_for_a_limited_child(given_, held) is expected


@pytest.mark.parametrize(
    "parts,field",
    [
        ((1899, 1, 1), "date_of_birth.year"),
        ((2015, 13, 1), "date_of_birth.month"),
        ((2015, 0, 4), "date_of_birth.month"),
        ((2015, 2, 29), "date_of_birth.day"),
    ],
)
def test_what_no_calendar_knows_is_refused_by_its_field(parts: tuple[int, int, int], field: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        DateOfBirth.of(*parts)
    assert refused.value.field_violations[0][0] == field


def test_a_date_of_birth_is_never_printed() -> None:
    assert "2015" not in repr(DateOfBirth(2015, 3, 4))
