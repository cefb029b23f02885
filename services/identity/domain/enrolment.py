"""Enrolment: a link to the person, a code to the manager, three days, five tries, both die together (domain.md 4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

LIFE = timedelta(hours=72)
TRIES = 5


@dataclass(frozen=True, kw_only=True)
class Enrolment:
    """An enrolment whose link and code were both shown."""

    id: str
    act_key: str
    """UUID: the name of the change that completes it."""
    person: str
    vouched_by: str
    username: str
    name: str
    expires_at: datetime
    secret: str
    """The new authenticator's secret (base32); the same on every showing."""

    def __repr__(self) -> str:
        """Return a text without the secret."""
        return "Enrolment()"
