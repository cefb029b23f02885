"""Between wire messages and domain values. Shape is checked here, meaning is not."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from contactpoint.directory.v1 import directory_service_pb2 as pb

from services.directory.domain import numbers
from services.directory.domain.claims import ChildClaim, Handle, NumberClaim
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.involvements import Marks, NewInvolvement
from services.directory.domain.matching import Question
from services.directory.domain.names import ChildName, Gender
from services.directory.domain.providers import Contact, Provider, ProviderFilter, ProviderKind
from services.directory.domain.reasons import Reason, ReasonCode
from services.directory.domain.statements import Address, AddressState, Carer, EducationState, InvolvementKind
from services.directory.domain.supplied import SuppliedChild, SuppliedInvolvement
from services.runtime.errors import InvalidRequest

_NOBODY = UUID(int=0)


def reason(message: pb.Reason) -> Reason:
    """Return a stated reason; raises InvalidRequest without a code."""
    name = pb.ReasonCode.Name(message.code).removeprefix("REASON_CODE_")
    if name not in ReasonCode.__members__:
        raise InvalidRequest([("reason.code", "REQUIRED")])
    return Reason(code=ReasonCode[name], text=message.text)


def question(message: pb.SearchChildrenRequest) -> Question:
    """Return what was typed into a search; raises InvalidRequest for a date that no calendar has."""
    return Question(
        surname=message.surname,
        given_names=message.given_names,
        date_of_birth=date(message.date_of_birth) if message.HasField("date_of_birth") else None,
        postcode=message.postcode,
        is_not_yet_named=message.not_yet_named,
    )


def claim(message: pb.OpenRecordRequest | pb.OpenHomeRequest) -> ChildClaim:
    """Return how a request names its child; raises InvalidRequest for a number that can be nobody's."""
    if message.WhichOneof("child") == "handle":
        return Handle(value=message.handle)
    said = message.number
    return NumberClaim(
        number=numbers.parse(said.number, field="number.number"),
        surname=said.surname,
        date_of_birth=date(said.date_of_birth, field="number.date_of_birth"),
    )


def number(text: str) -> int:
    """Return a child's number; raises InvalidRequest for one that can be nobody's."""
    return numbers.parse(text, field="number")


def name(message: pb.ChildName, *, field: str = "name") -> ChildName:
    """Return a name in one of its three shapes; raises InvalidRequest for none."""
    match message.WhichOneof("shape"):
        case "full":
            return ChildName.full(message.full.surname, message.full.given_names)
        case "single":
            return ChildName.single(message.single)
        case "not_yet_named":
            return ChildName.not_yet_named(message.not_yet_named)
        case _:
            raise InvalidRequest([(field, "REQUIRED")])


def date(message: pb.DateOfBirth, *, field: str = "date_of_birth") -> DateOfBirth:
    """Return a date with its precision; raises InvalidRequest for one that no calendar has."""
    return DateOfBirth.of(message.year, message.month, message.day, is_estimated=message.is_estimated, field=field)


def supplied_child(message: pb.SuppliedChild, *, within: str) -> SuppliedChild:
    """Return one row of a batch; field paths of what is wrong begin with `within`."""
    return SuppliedChild(
        name=name(message.name, field=f"{within}name"),
        former_names=tuple(
            name(one, field=f"{within}former_names[{index}]") for index, one in enumerate(message.former_names)
        ),
        date_of_birth=date(message.date_of_birth, field=f"{within}date_of_birth"),
        gender=Gender(message.gender),
        authority=message.authority,
        address=_address(message.address) if message.HasField("address") else None,
        carers=tuple(map(_carer, message.carers)),
        school_urn=message.school_urn,
        education_state=EducationState(message.education_state) if message.education_state else None,
        school_start_date=(
            date(message.school_start_date, field=f"{within}school_start_date")
            if message.HasField("school_start_date")
            else None
        ),
        gp_ods_code=message.gp_ods_code,
        gp_start_date=(
            date(message.gp_start_date, field=f"{within}gp_start_date") if message.HasField("gp_start_date") else None
        ),
        involvements=tuple(
            _supplied_involvement(one, within=f"{within}involvements[{index}].")
            for index, one in enumerate(message.involvements)
        ),
    )


def supplied_rows(message: pb.SupplyRowsRequest) -> tuple[SuppliedChild, ...]:
    """Return the rows of a batch, in its order."""
    return tuple(supplied_child(one, within=f"children[{index}].") for index, one in enumerate(message.children))


def created_child(message: pb.CreateChildRequest) -> SuppliedChild:
    """Return what a practitioner says of a new child."""
    return SuppliedChild(
        name=name(message.name),
        date_of_birth=date(message.date_of_birth),
        gender=Gender(message.gender),
        authority=message.authority,
        address=_address(message.address) if message.HasField("address") else None,
        carers=tuple(map(_carer, message.carers)),
    )


def new_involvement(message: pb.StartInvolvementRequest) -> NewInvolvement:
    """Return what a practitioner says of an involvement that starts."""
    return NewInvolvement(
        kind=InvolvementKind(message.kind),
        provider_id=UUID(message.provider_id),
        practitioner=message.practitioner,
        telephone=message.telephone,
        email=message.email,
        is_lead_professional=message.is_lead_professional,
        has_common_assessment=message.has_common_assessment,
    )


def marks(message: pb.MarkInvolvementRequest) -> Marks:
    """Return both indicators."""
    return Marks(is_lead_professional=message.is_lead_professional, has_common_assessment=message.has_common_assessment)


def described_provider(message: pb.RegisterProviderRequest) -> Provider:
    """Return a provider that has no id yet."""
    return Provider(
        provider_id=_NOBODY,
        name=message.name,
        kind=ProviderKind(message.kind),
        contact=contact(message),
        authority=message.authority,
        urn=message.urn,
        ods_code=message.ods_code,
        organisation_id=UUID(message.organisation_id) if message.organisation_id else None,
    )


def contact(message: pb.RegisterProviderRequest | pb.AmendProviderRequest) -> Contact:
    """Return a provider's contact details."""
    return Contact(
        telephone=message.telephone, telephone_out_of_hours=message.telephone_out_of_hours, email=message.email
    )


def provider_filter(message: pb.ListProvidersRequest, *, own_organisation: UUID) -> ProviderFilter:
    """Return which providers a list shows."""
    return ProviderFilter(
        name_starts_with=message.name_starts_with,
        kind=ProviderKind(message.kind) if message.kind else None,
        authority=message.authority,
        organisation_id=own_organisation if message.is_own else None,
    )


def _supplied_involvement(message: pb.SuppliedInvolvement, *, within: str) -> SuppliedInvolvement:
    return SuppliedInvolvement(
        kind=InvolvementKind(message.kind),
        provider_id=UUID(message.provider_id),
        practitioner=message.practitioner,
        telephone=message.telephone,
        email=message.email,
        start_date=date(message.start_date, field=f"{within}start_date") if message.HasField("start_date") else None,
        last_confirmed_at=_instant(message, within) if message.HasField("last_confirmed_at") else None,
        is_lead_professional=message.is_lead_professional,
        has_common_assessment=message.has_common_assessment,
    )


def _instant(message: pb.SuppliedInvolvement, within: str) -> datetime:
    try:
        return message.last_confirmed_at.ToDatetime(UTC)
    except (ValueError, OverflowError):
        path = f"{within}last_confirmed_at"
        raise InvalidRequest([(path, "NO_SUCH_TIME")]) from None


def _address(message: pb.Address) -> Address:
    return Address(
        state=AddressState(message.state),
        lines=tuple(line for line in message.lines if line.strip()),
        postcode=message.postcode.strip(),
    )


def _carer(message: pb.Carer) -> Carer:
    return Carer(name=message.name, telephone=message.telephone, email=message.email)
