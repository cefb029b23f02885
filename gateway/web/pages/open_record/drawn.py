"""A record as its page shows it: texts and links, nothing to decide any more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC

from contactpoint.directory.v1 import directory_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.web.pages.about_children import dates, words
from gateway.web.pages.about_children.telephones import Telephone


@dataclass(frozen=True, kw_only=True)
class Line:
    """One practitioner or team who works with the child."""

    involvement_id: str
    organisation: str
    what: str
    practitioner: str
    telephones: tuple[Telephone, ...]
    email: str
    since: str
    last_confirmed: str
    is_unconfirmed: bool
    is_reported_wrong: bool
    is_lead_professional: bool
    has_common_assessment: bool
    is_own: bool
    marks: str
    """Both indicators as the form that changes them starts with."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """A school or practice."""

    provider_id: str
    name: str
    telephones: tuple[Telephone, ...]
    email: str
    since: str
    is_reported_wrong: bool


def line(one: pb.Involvement, *, is_day: bool) -> Line:
    """Return one involvement; the number that answers at this hour stands first."""
    own = Telephone.of(one.telephone, what="Direct, by day")
    return Line(
        involvement_id=one.involvement_id,
        organisation=one.provider.name or "Contact through your ContactPoint team",
        what=words.involvement_of(one),
        practitioner=one.practitioner,
        telephones=_telephones(one.provider, is_day=is_day, own=own),
        email=one.email or one.provider.email,
        since=dates.written(one.start_date) if one.HasField("start_date") else "",
        last_confirmed=_day(one.last_confirmed_at) if one.HasField("last_confirmed_at") else "",
        is_unconfirmed=one.is_unconfirmed,
        is_reported_wrong=one.is_reported_wrong,
        is_lead_professional=one.is_lead_professional,
        has_common_assessment=one.has_common_assessment,
        is_own=one.is_own,
        marks=("lead " if one.is_lead_professional else "") + ("caf" if one.has_common_assessment else ""),
    )


def school(education: pb.Education, *, is_day: bool) -> Place | None:
    """Return the school, or None where there is none."""
    if education.WhichOneof("place") != "setting":
        return None
    return _place(education.setting, education.start_date, is_reported_wrong=education.is_reported_wrong, is_day=is_day)


def practice(gp_practice: pb.GpPractice, *, is_day: bool) -> Place | None:
    """Return the GP practice, or None where there is none."""
    if not gp_practice.HasField("practice"):
        return None
    return _place(
        gp_practice.practice, gp_practice.start_date, is_reported_wrong=gp_practice.is_reported_wrong, is_day=is_day
    )


def _place(provider: pb.ProviderContact, start_date: pb.DateOfBirth, *, is_reported_wrong: bool, is_day: bool) -> Place:
    return Place(
        provider_id=provider.provider_id,
        name=provider.name,
        telephones=_telephones(provider, is_day=is_day),
        email=provider.email,
        since=dates.written(start_date) if start_date.year else "",
        is_reported_wrong=is_reported_wrong,
    )


def _telephones(provider: pb.ProviderContact, *, is_day: bool, own: Telephone | None = None) -> tuple[Telephone, ...]:
    by_day = [own, Telephone.of(provider.telephone, what="Team, by day" if own else "By day")]
    by_night = [Telephone.of(provider.telephone_out_of_hours, what="Out of hours")]
    ordered = [*by_day, *by_night] if is_day else [*by_night, *by_day]
    return tuple(one for one in ordered if one is not None)


def _day(at: Timestamp) -> str:
    return dates.day_of(at.ToDatetime(UTC))
