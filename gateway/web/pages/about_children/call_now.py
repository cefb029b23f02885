"""Whom to telephone now: the first number of a record that should answer at this hour."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.about_children import words
from gateway.web.pages.about_children.office_hours import Moment
from gateway.web.pages.about_children.telephones import dialled


@dataclass(frozen=True, kw_only=True)
class Call:
    """One number to telephone now, and who answers it."""

    telephone: str
    answers: str
    """The practitioner where the number is theirs, else the organisation."""
    organisation: str
    what: str
    """What kind of service it is."""
    is_out_of_hours: bool
    reported_by: str = ""
    """What a report of its number names: the involvement, or the school's or practice's id."""
    is_lead_professional: bool = False
    is_unconfirmed: bool = False


def call_now(record: pb.OpenRecordResponse, moment: Moment) -> Call | None:
    """Return the number to telephone now, or None where no number recorded should answer at this hour.

    The lead professional goes first, then whoever was confirmed within twelve months, then the others, each in the
    record's order; then the school, then the GP practice. A number that was reported wrong is not proposed, nor is the
    same number under another name.
    """
    reported = [_of_involvement(one, moment) for one in record.involvements if one.is_reported_wrong]
    reported += [_of_place(place, moment) for place, is_reported_wrong in _places(record) if is_reported_wrong]
    silent = {dialled(call.telephone) for call in reported if call is not None}
    involved = sorted(
        (one for one in record.involvements if not one.is_reported_wrong),
        key=lambda one: (not one.is_lead_professional, one.is_unconfirmed),
    )
    calls = [_of_involvement(one, moment) for one in involved]
    calls += [_of_place(place, moment) for place, is_reported_wrong in _places(record) if not is_reported_wrong]
    return next((call for call in calls if call is not None and dialled(call.telephone) not in silent), None)


def _of_involvement(one: pb.Involvement, moment: Moment) -> Call | None:
    own = one.telephone if moment.is_day else ""
    telephone = own or _number(one.provider, moment)
    if not telephone:
        return None
    return Call(
        telephone=telephone,
        # Out of hours the team answers, not the person.
        answers=one.practitioner if moment.is_day and one.practitioner else one.provider.name,
        organisation=one.provider.name,
        what=words.involvement_of(one),
        is_out_of_hours=not moment.is_day,
        reported_by=one.involvement_id,
        is_lead_professional=one.is_lead_professional,
        is_unconfirmed=one.is_unconfirmed,
    )


def _places(record: pb.OpenRecordResponse) -> Iterator[tuple[pb.ProviderContact, bool]]:
    yield record.education.setting, record.education.is_reported_wrong
    yield record.gp_practice.practice, record.gp_practice.is_reported_wrong


def _of_place(place: pb.ProviderContact, moment: Moment) -> Call | None:
    telephone = _number(place, moment)
    if not telephone:
        return None
    return Call(
        telephone=telephone,
        answers=place.name,
        organisation=place.name,
        what=words.provider(place.kind),
        is_out_of_hours=not moment.is_day,
        reported_by=place.provider_id,
    )


def _number(place: pb.ProviderContact, moment: Moment) -> str:
    return place.telephone if moment.is_day else place.telephone_out_of_hours
