"""Shields: how far each is, who may take it a step further, and when somebody must look again. No I/O here."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

from services.shielding.errors import SecondOfficerNeeded, ShieldStands

LONDON = ZoneInfo("Europe/London")
INTERIM_WORKING_DAYS = 5
REVIEW_DAYS = 182


class Ground(Enum):
    """The coded ground of a shield; there is no story beside it."""

    WITNESS_PROTECTION = "WITNESS_PROTECTION"
    DOMESTIC_ABUSE = "DOMESTIC_ABUSE"
    ADOPTION = "ADOPTION"
    OTHER_SIGNIFICANT_HARM = "OTHER_SIGNIFICANT_HARM"
    LOST = "LOST"
    """Nobody knows: the case was made anew after a restore, and the log never held it."""


class ShieldState(Enum):
    """How far a shield is. Time alone never takes one back."""

    REQUESTED = "REQUESTED"
    """Waits for a first officer; nothing is hidden."""
    INTERIM = "INTERIM"
    """Hidden by one person; waits for a second."""
    ACTIVE = "ACTIVE"
    """Hidden by two; to be reviewed."""


@dataclass(frozen=True)
class Officer:
    """Who acts, and for which authority."""

    person: uuid.UUID
    authority: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """One shield, from the first word on."""

    case_id: uuid.UUID
    state: ShieldState
    ground: Ground
    authority: str
    """ONS code of the authority whose officers decide."""
    opened_at: datetime
    opened_by: uuid.UUID
    first_officer: uuid.UUID | None = None
    second_officer: uuid.UUID | None = None
    due_at: datetime


@dataclass(frozen=True, kw_only=True)
class Step:
    """What one act is to make of a case, before the ledger has heard of it."""

    before: Case | None
    """The case as it was found; None where the step opens it."""
    case: Case
    """The case as it will be."""
    closes: bool
    """Whether the child's record is closed by this step."""
    is_interim: bool
    """Whether it is closed by one person only, so far."""


def requested(case_id: uuid.UUID, ground: Ground, by: Officer, now: datetime, holidays: frozenset[date]) -> Step:
    """Return the step by which a practitioner asks the officers to decide."""
    case = _opened(case_id, ShieldState.REQUESTED, ground, by, now=now, holidays=holidays)
    return Step(before=None, case=case, closes=False, is_interim=False)


def imposed(case_id: uuid.UUID, ground: Ground, by: Officer, now: datetime, holidays: frozenset[date]) -> Step:
    """Return the step by which somebody who may hides a child at once, until a second person decides."""
    case = _opened(case_id, ShieldState.INTERIM, ground, by, now=now, holidays=holidays)
    return Step(before=None, case=case, closes=True, is_interim=True)


def approved(case: Case, by: Officer, now: datetime, holidays: frozenset[date]) -> Step:
    """Return the step by which an officer approves a case.

    A request becomes interim by a first officer; what one person hid becomes active by a second. Raises
    SecondOfficerNeeded for whoever opened the case or approved it before, ShieldStands for one that is active.
    """
    if case.state is ShieldState.ACTIVE:
        raise ShieldStands
    if by.person in (case.opened_by, case.first_officer):
        raise SecondOfficerNeeded
    if case.state is ShieldState.REQUESTED:
        due_at = after_working_days(now, INTERIM_WORKING_DAYS, holidays)
        interim = replace(case, state=ShieldState.INTERIM, first_officer=by.person, due_at=due_at)
        return Step(before=case, case=interim, closes=True, is_interim=True)
    due_at = now + timedelta(days=REVIEW_DAYS)
    active = replace(case, state=ShieldState.ACTIVE, second_officer=by.person, due_at=due_at)
    return Step(before=case, case=active, closes=True, is_interim=False)


def holidays_run_out(now: datetime, holidays: frozenset[date]) -> bool:
    """Return whether the table of bank holidays ends within half a year: somebody must add the next years."""
    last = max((day.year for day in holidays), default=0)
    return (now + timedelta(days=REVIEW_DAYS)).astimezone(LONDON).year > last


def after_working_days(now: datetime, days: int, holidays: frozenset[date]) -> datetime:
    """Return the end (UTC) of the `days`-th working day in England after `now`."""
    day = now.astimezone(LONDON).date()
    while days:
        day += timedelta(days=1)
        if day.weekday() < 5 and day not in holidays:  # noqa: PLR2004  # Saturday is 5
            days -= 1
    return datetime.combine(day + timedelta(days=1), time(), LONDON).astimezone(UTC)


def _opened(
    case_id: uuid.UUID, state: ShieldState, ground: Ground, by: Officer, *, now: datetime, holidays: frozenset[date]
) -> Case:
    return Case(
        case_id=case_id,
        state=state,
        ground=ground,
        authority=by.authority,
        opened_at=now,
        opened_by=by.person,
        due_at=after_working_days(now, INTERIM_WORKING_DAYS, holidays),
    )
