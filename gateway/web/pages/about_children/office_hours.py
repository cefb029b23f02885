"""Whether offices answer now: working days of England, by London's time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.web.pages.about_children import bank_holidays
from gateway.web.pages.about_children.dates import LONDON

OPENS, CLOSES = 9, 17
IN_WORDS = "9am to 5pm, Monday to Friday, except bank holidays"
_SATURDAY = 5


@dataclass(frozen=True, kw_only=True)
class Moment:
    """What a telephone call should know of the time."""

    is_day: bool
    """Offices answer."""
    is_sure: bool
    """The table of bank holidays covers the day; else a weekday may be one, and both numbers are worth a try."""


def moment(now: datetime) -> Moment:
    """Return what kind of time an instant is in London."""
    local = now.astimezone(LONDON)
    works = local.weekday() < _SATURDAY and local.date() not in bank_holidays.DAYS and OPENS <= local.hour < CLOSES
    return Moment(is_day=works, is_sure=bank_holidays.are_known(local.date()))
