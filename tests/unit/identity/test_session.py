"""A session's life: fifteen minutes idle, twelve hours, whatever its row says (I7)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.identity.config import session_limits
from services.identity.domain.session import Session, SessionLimits
from tests.architecture.source import ROOT

START = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
LIMITS = SessionLimits(idle=timedelta(minutes=15), longest=timedelta(hours=12), token_seconds=10)
SESSION = Session(
    tag="t",
    handle_digest=b"",
    person="p",
    organisation="o",
    channel="c",
    started_at=START,
    expires_at=START + timedelta(hours=12),
    last_used_at=START,
)


@pytest.mark.promise("I7")
def test_it_ends_after_fifteen_idle_minutes() -> None:
    assert SESSION.is_live_at(START + timedelta(minutes=14, seconds=59), LIMITS)
    assert not SESSION.is_live_at(START + timedelta(minutes=15), LIMITS)


@pytest.mark.promise("I7")
def test_it_ends_after_twelve_hours_even_if_its_row_says_a_year() -> None:
    last = START + timedelta(hours=12)
    for session in (SESSION, replace(SESSION, expires_at=START + timedelta(days=365))):
        busy = replace(session, last_used_at=last)
        assert busy.is_live_at(last - timedelta(seconds=1), LIMITS)
        assert not busy.is_live_at(last, LIMITS)


def test_the_ledger_may_say_less() -> None:
    sooner = replace(SESSION, expires_at=START + timedelta(minutes=1))
    assert not sooner.is_live_at(START + timedelta(minutes=1), LIMITS)


def test_it_does_not_live_before_it_began() -> None:
    assert not SESSION.is_live_at(START - timedelta(days=1), LIMITS)


def test_the_limits_are_those_of_the_file() -> None:
    assert session_limits(ROOT / "deploy" / "config" / "limits.toml") == LIMITS
