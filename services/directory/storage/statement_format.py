"""Statements as the bytes that are sealed: the message in statement.proto."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from contactpoint.directory.v1 import directory_service_pb2 as pb
from contactpoint.directory.v1 import statement_pb2 as stored
from google.protobuf.message import DecodeError

from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName, Gender, Shape
from services.directory.domain.statements import (
    Address,
    AddressState,
    Carer,
    Content,
    Education,
    EducationState,
    Home,
    Identity,
    Involvement,
    InvolvementKind,
    Practice,
    Report,
    Services,
    Statement,
)
from services.directory.errors import RecordDamaged

FORMAT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def encoded(statement: Statement) -> bytes:
    """Return a statement's bytes; its source is not among them: the box is bound to it."""
    message = stored.Statement(
        format=FORMAT,
        supplied_at=_milliseconds(statement.supplied_at),
        confirmed_at=_milliseconds(statement.confirmed_at),
    )
    match statement.content:
        case Identity() as identity:
            message.identity.name.CopyFrom(_name(identity.name))
            message.identity.date_of_birth.CopyFrom(_date(identity.date_of_birth))
            message.identity.gender = identity.gender.value  # type: ignore[assignment]  # the enum's numbers are the contract's
        case Services() as services:
            message.services.CopyFrom(_services(services))
        case Home() as home:
            message.home.CopyFrom(_home(home))
    return message.SerializeToString()


def decoded(content: bytes, source: UUID) -> Statement:
    """Return the statement that the bytes say; raises RecordDamaged for any that `encoded` did not write."""
    try:
        message = stored.Statement.FromString(content)
        if message.format != FORMAT:
            raise RecordDamaged
        return Statement(
            source=source,
            supplied_at=_instant(message.supplied_at),
            confirmed_at=_instant(message.confirmed_at),
            content=_content(message),
        )
    except (DecodeError, ValueError, OverflowError):
        raise RecordDamaged from None


def _content(message: stored.Statement) -> Content:
    match message.WhichOneof("section"):
        case "identity":
            found = message.identity
            return Identity(
                name=_name_of(found.name), date_of_birth=_date_of(found.date_of_birth), gender=Gender(found.gender)
            )
        case "services":
            return _services_of(message.services)
        case "home":
            return _home_of(message.home)
        case _:
            raise RecordDamaged


def _services(services: Services) -> stored.ServicesStatement:
    message = stored.ServicesStatement(
        former_names=[_name(name) for name in services.former_names],
        involvements=[_involvement(one) for one in services.involvements],
        reports=[
            stored.StatedReport(involvement_id=one.involvement_id.bytes, reported_at=_milliseconds(one.reported_at))
            for one in services.reports
        ],
    )
    if (education := services.education) is not None:
        message.education.SetInParent()
        message.education.provider_id = education.provider_id.bytes if education.provider_id is not None else b""
        message.education.state = education.state.value if education.state is not None else 0  # type: ignore[assignment]  # as above
        if education.start_date is not None:
            message.education.start_date.CopyFrom(_date(education.start_date))
    if (practice := services.gp_practice) is not None:
        message.gp_practice.provider_id = practice.provider_id.bytes
        if practice.start_date is not None:
            message.gp_practice.start_date.CopyFrom(_date(practice.start_date))
    return message


def _services_of(message: stored.ServicesStatement) -> Services:
    return Services(
        former_names=tuple(_name_of(name) for name in message.former_names),
        education=_education_of(message.education) if message.HasField("education") else None,
        gp_practice=(
            Practice(
                provider_id=UUID(bytes=message.gp_practice.provider_id),
                start_date=_date_or_none(message.gp_practice),
            )
            if message.HasField("gp_practice")
            else None
        ),
        involvements=tuple(_involvement_of(one) for one in message.involvements),
        reports=tuple(
            Report(involvement_id=UUID(bytes=one.involvement_id), reported_at=_instant(one.reported_at))
            for one in message.reports
        ),
    )


def _education_of(message: stored.StatedEducation) -> Education:
    return Education(
        provider_id=UUID(bytes=message.provider_id) if message.provider_id else None,
        state=EducationState(message.state) if message.state else None,
        start_date=_date_or_none(message),
    )


def _involvement(one: Involvement) -> stored.StatedInvolvement:
    return stored.StatedInvolvement(
        involvement_id=one.involvement_id.bytes,
        kind=one.kind.value,  # type: ignore[arg-type]  # the enum's numbers are the contract's
        provider_id=one.provider_id.bytes,
        practitioner=one.practitioner,
        telephone=one.telephone,
        email=one.email,
        start_date=_date(one.start_date) if one.start_date is not None else None,
        end_date=_date(one.end_date) if one.end_date is not None else None,
        confirmed_at=_milliseconds(one.confirmed_at),
        lead_claimed_at=_milliseconds(one.lead_claimed_at) if one.lead_claimed_at is not None else 0,
        has_common_assessment=one.has_common_assessment,
    )


def _involvement_of(message: stored.StatedInvolvement) -> Involvement:
    return Involvement(
        involvement_id=UUID(bytes=message.involvement_id),
        kind=InvolvementKind(message.kind),
        provider_id=UUID(bytes=message.provider_id),
        practitioner=message.practitioner,
        telephone=message.telephone,
        email=message.email,
        start_date=_date_or_none(message),
        end_date=_date_of(message.end_date) if message.HasField("end_date") else None,
        confirmed_at=_instant(message.confirmed_at),
        lead_claimed_at=_instant(message.lead_claimed_at) if message.lead_claimed_at else None,
        has_common_assessment=message.has_common_assessment,
    )


def _home(home: Home) -> stored.HomeStatement:
    message = stored.HomeStatement(
        carers=[pb.Carer(name=one.name, telephone=one.telephone, email=one.email) for one in home.carers]
    )
    if (address := home.address) is not None:
        message.address.state = address.state.value  # type: ignore[assignment]  # the enum's numbers are the contract's
        message.address.lines.extend(address.lines)
        message.address.postcode = address.postcode
    return message


def _home_of(message: stored.HomeStatement) -> Home:
    address = message.address
    return Home(
        address=(
            Address(state=AddressState(address.state), lines=tuple(address.lines), postcode=address.postcode)
            if message.HasField("address")
            else None
        ),
        carers=tuple(Carer(name=one.name, telephone=one.telephone, email=one.email) for one in message.carers),
    )


def _name(name: ChildName) -> pb.ChildName:
    match name.shape:
        case Shape.FULL:
            return pb.ChildName(full=pb.FullName(surname=name.surname, given_names=name.given_names))
        case Shape.SINGLE:
            return pb.ChildName(single=name.surname)
        case Shape.NOT_YET_NAMED:
            return pb.ChildName(not_yet_named=name.surname)


def _name_of(message: pb.ChildName) -> ChildName:
    match message.WhichOneof("shape"):
        case "full":
            return ChildName.full(message.full.surname, message.full.given_names)
        case "single":
            return ChildName.single(message.single)
        case "not_yet_named":
            return ChildName.not_yet_named(message.not_yet_named)
        case _:
            raise RecordDamaged


def _date(value: DateOfBirth) -> pb.DateOfBirth:
    return pb.DateOfBirth(year=value.year, month=value.month, day=value.day, is_estimated=value.is_estimated)


def _date_of(message: pb.DateOfBirth) -> DateOfBirth:
    return DateOfBirth(message.year, message.month, message.day, message.is_estimated)


def _date_or_none(
    message: stored.StatedInvolvement | stored.StatedEducation | stored.StatedPractice,
) -> DateOfBirth | None:
    return _date_of(message.start_date) if message.HasField("start_date") else None


def _milliseconds(instant: datetime) -> int:
    return (instant - _EPOCH) // _MILLISECOND


def _instant(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND
