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
    involvement_id: str = ""
    """The involvement whose number it is; "" for a school or practice, whose number nobody can report here."""
    is_lead_professional: bool = False
    is_unconfirmed: bool = False


def call_now(record: pb.OpenRecordResponse, moment: Moment) -> Call | None:
    """Return the number to telephone now, or None where no number recorded should answer at this hour.

    The lead professional goes first, then whoever was confirmed within twelve months, then the others, each in the
    record's order; then the school, then the GP practice. A number that was reported wrong is not proposed, nor is the
    same number under another name.
    """
    reported = [_of_involvement(one, moment) for one in record.involvements if one.is_reported_wrong]
    silent = {dialled(call.telephone) for call in reported if call is not None}
    involved = sorted(
        (one for one in record.involvements if not one.is_reported_wrong),
        key=lambda one: (not one.is_lead_professional, one.is_unconfirmed),
    )
    calls = [*(_of_involvement(one, moment) for one in involved), *_of_places(record, moment)]
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
        involvement_id=one.involvement_id,
        is_lead_professional=one.is_lead_professional,
        is_unconfirmed=one.is_unconfirmed,
    )


def _of_places(record: pb.OpenRecordResponse, moment: Moment) -> Iterator[Call | None]:
    for place in (record.education.setting, record.gp_practice.practice):
        telephone = _number(place, moment)
        yield (
            Call(
                telephone=telephone,
                answers=place.name,
                organisation=place.name,
                what=words.provider(place.kind),
                is_out_of_hours=not moment.is_day,
            )
            if telephone
            else None
        )


def _number(place: pb.ProviderContact, moment: Moment) -> str:
    return place.telephone if moment.is_day else place.telephone_out_of_hours
