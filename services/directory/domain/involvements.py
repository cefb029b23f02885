"""What becomes of a source's own services when one of its people starts, confirms, marks or ends an involvement."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from services.directory.domain.dates import DateOfBirth
from services.directory.domain.statements import Involvement, InvolvementKind, Report, Services
from services.runtime.errors import NotFound

MOST_REPORTS = 20
"""Of one source about one child: the newest stay."""
MOST_INVOLVEMENTS = 12
"""Of one source with one child at a time; ended ones give way."""


@dataclass(frozen=True, kw_only=True)
class NewInvolvement:
    """What a practitioner says of an involvement that starts."""

    kind: InvolvementKind
    provider_id: UUID
    practitioner: str
    telephone: str
    email: str
    is_lead_professional: bool
    has_common_assessment: bool


@dataclass(frozen=True, kw_only=True)
class Marks:
    """Both indicators of an involvement."""

    is_lead_professional: bool
    has_common_assessment: bool


def started(services: Services, new: NewInvolvement, *, involvement_id: UUID, today: date, now: datetime) -> Services:
    """Return the services with one more involvement; the same again, if it is there already.

    A source's involvements that have ended are dropped when there are more than twelve, the oldest first.
    """
    involvement = Involvement(
        involvement_id=involvement_id,
        kind=new.kind,
        provider_id=new.provider_id,
        practitioner=new.practitioner,
        telephone=new.telephone,
        email=new.email,
        start_date=exact(today),
        confirmed_at=now,
        lead_claimed_at=now if new.is_lead_professional else None,
        has_common_assessment=new.has_common_assessment,
    )
    others = tuple(one for one in services.involvements if one.involvement_id != involvement_id)
    ended = [one for one in others if one.end_date is not None]
    surplus = set(map(id, ended[: max(0, len(others) + 1 - MOST_INVOLVEMENTS)]))
    kept = tuple(one for one in others if id(one) not in surplus)
    return replace(services, involvements=(*kept, involvement))


def confirmed(services: Services, involvement_id: UUID, *, now: datetime) -> Services:
    """Return the services with an involvement confirmed now; raises NotFound if it is not the source's, or is over."""
    return _changed(services, involvement_id, lambda one: replace(one, confirmed_at=now))


def ended(services: Services, involvement_id: UUID, *, today: date) -> Services:
    """Return the services with an involvement ended today; raises NotFound as `confirmed` does."""
    return _changed(services, involvement_id, lambda one: replace(one, end_date=exact(today), lead_claimed_at=None))


def marked(services: Services, involvement_id: UUID, marks: Marks, *, now: datetime) -> Services:
    """Return the services with both indicators set; raises NotFound if it is not the source's, or has ended.

    Who claims to be the lead professional claims it from now: the newest claim wins when the record is composed.
    """

    def with_marks(one: Involvement) -> Involvement:
        claimed_at = now if marks.is_lead_professional else None
        return replace(one, lead_claimed_at=claimed_at, has_common_assessment=marks.has_common_assessment)

    return _changed(services, involvement_id, with_marks)


def reported(services: Services, involvement_id: UUID, *, now: datetime) -> Services:
    """Return the services with a report that the contact of an involvement, a school or a practice did not answer."""
    others = [report for report in services.reports if report.involvement_id != involvement_id]
    newest = sorted([*others, Report(involvement_id=involvement_id, reported_at=now)], key=lambda one: one.reported_at)
    return replace(services, reports=tuple(newest[-MOST_REPORTS:]))


def exact(day: date) -> DateOfBirth:
    """Return a calendar day as a date with a precision."""
    return DateOfBirth(year=day.year, month=day.month, day=day.day)


def _changed(services: Services, involvement_id: UUID, change: Callable[[Involvement], Involvement]) -> Services:
    if not any(one.involvement_id == involvement_id and one.end_date is None for one in services.involvements):
        raise NotFound
    return replace(
        services,
        involvements=tuple(
            change(one) if one.involvement_id == involvement_id else one for one in services.involvements
        ),
    )
