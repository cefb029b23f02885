"""Rates of calls: so many in all, fewer of one caller, and something saved for who has been quiet."""

from __future__ import annotations

import pytest

from services.runtime.call_rates import CallRate, CallRates

FLOOD, OTHER = b"a flooding certificate", b"another certificate"


class Time:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def rates(time: Time) -> CallRates:
    return CallRates(CallRate(in_all=45, of_one_caller=30), monotonic=time)


def flood(rates: CallRates, time: Time, *, a_second: int, seconds: int) -> int:
    """Return how many of a flood's calls were taken."""
    taken = 0
    for _ in range(a_second * seconds):
        time.seconds += 1 / a_second
        taken += rates.takes(FLOOD)
    return taken


def test_a_flood_is_taken_at_its_rate_and_no_faster(rates: CallRates, time: Time) -> None:
    assert flood(rates, time, a_second=500, seconds=10) == pytest.approx(30 + 10 * 30, abs=2)
    assert flood(rates, time, a_second=500, seconds=10) == pytest.approx(10 * 30, abs=2)


def test_a_flood_of_one_leaves_the_rest_to_the_others(rates: CallRates, time: Time) -> None:
    flood(rates, time, a_second=500, seconds=10)
    assert sum(rates.takes(OTHER) for _ in range(100)) == 30


def test_many_callers_together_are_taken_at_the_rate_of_all(rates: CallRates, time: Time) -> None:
    taken = 0
    for number in range(5000):
        time.seconds += 0.002
        taken += rates.takes(b"certificate %d" % (number % 50))
    assert taken == pytest.approx(45 + 10 * 45, abs=2)


def test_what_is_refused_does_not_count(rates: CallRates, time: Time) -> None:
    while rates.takes(FLOOD):
        pass
    for _ in range(1000):
        assert not rates.takes(FLOOD)
    time.seconds += 0.125
    assert [rates.takes(FLOOD) for _ in range(4)] == [True, True, True, False]


def test_one_seconds_worth_is_saved_and_no_more(rates: CallRates, time: Time) -> None:
    time.seconds += 3600
    assert sum(rates.takes(FLOOD) for _ in range(500)) == 30


def test_callers_are_forgotten_and_the_rate_of_all_still_holds(rates: CallRates, time: Time) -> None:
    assert sum(rates.takes(b"certificate %d" % number) for number in range(5000)) == 45
    assert len(rates._callers) <= 1024


def test_a_rate_below_one_a_second_takes_one_at_its_time(time: Time) -> None:
    slow = CallRates(CallRate(in_all=0.25, of_one_caller=0.25), monotonic=time)
    assert [slow.takes(FLOOD), slow.takes(FLOOD)] == [True, False]
    time.seconds += 4
    assert [slow.takes(FLOOD), slow.takes(FLOOD)] == [True, False]
