"""What a practitioner or a supplier says of a child that is new here, and what may not be said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.directory.domain.content_guard import address_line_fault, email_fault, name_fault, postcode_fault
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName, Gender
from services.directory.domain.statements import (
    Address,
    AddressState,
    Carer,
    EducationState,
    InvolvementKind,
)

OLDEST_YEARS = 25
Fault = tuple[str, str]
"""Field path and UPPER_SNAKE reason."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SuppliedInvolvement:
    """One involvement that a supplier knows of."""

    kind: InvolvementKind
    provider_id: UUID
    practitioner: str
    telephone: str
    email: str
    start_date: DateOfBirth | None
    last_confirmed_at: datetime | None
    is_lead_professional: bool
    has_common_assessment: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class SuppliedChild:
    """Everything that is said of a new child."""

    name: ChildName
    date_of_birth: DateOfBirth
    gender: Gender
    authority: str
    """Nine-character ONS code; empty for the caller's own."""
    former_names: tuple[ChildName, ...] = ()
    address: Address | None = None
    carers: tuple[Carer, ...] = ()
    school_urn: str = ""
    education_state: EducationState | None = None
    school_start_date: DateOfBirth | None = None
    gp_ods_code: str = ""
    gp_start_date: DateOfBirth | None = None
    involvements: tuple[SuppliedInvolvement, ...] = ()

    @property
    def postcode(self) -> str:
        """The postcode of the address, or empty."""
        return self.address.postcode if self.address is not None else ""


def faults(child: SuppliedChild, *, today: date, within: str = "") -> Iterator[Fault]:
    """Yield what may not be said of a new child; paths begin with `within`, such as "children[3]."."""
    yield from _birth_faults(child.date_of_birth, today, within)
    for index, name in enumerate(child.former_names):
        yield from _name_faults(name, f"{within}former_names[{index}]")
    yield from _name_faults(child.name, f"{within}name")
    yield from home_faults(child.address, child.carers, within=within)
    if child.school_urn and child.education_state is not None:
        yield f"{within}education_state", "CONTRADICTS_SCHOOL"
    for index, involvement in enumerate(child.involvements):
        if involvement.practitioner and (reason := name_fault(involvement.practitioner)):
            yield f"{within}involvements[{index}].practitioner", reason
        if reason := email_fault(involvement.email):
            yield f"{within}involvements[{index}].email", reason


def home_faults(address: Address | None, carers: Sequence[Carer], *, within: str = "") -> Iterator[Fault]:
    """Yield what may not be said of a home."""
    if address is not None:
        has_place = bool(address.postcode.strip() or any(line.strip() for line in address.lines))
        if has_place != (address.state in _PLACES):
            yield f"{within}address.state", "GOES_WITH_A_PLACE" if not has_place else "GOES_WITHOUT_A_PLACE"
        if reason := postcode_fault(address.postcode):
            yield f"{within}address.postcode", reason
        for index, line in enumerate(address.lines):
            if reason := address_line_fault(line):
                yield f"{within}address.lines[{index}]", reason
    for index, carer in enumerate(carers):
        if reason := name_fault(carer.name):
            yield f"{within}carers[{index}].name", reason
        if reason := email_fault(carer.email):
            yield f"{within}carers[{index}].email", reason


def _birth_faults(born: DateOfBirth, today: date, within: str) -> Iterator[Fault]:
    earliest = (born.year, born.month or 1, born.day or 1)
    if earliest > (today.year, today.month, today.day):
        yield f"{within}date_of_birth", "IN_THE_FUTURE"
    elif today.year - born.year > OLDEST_YEARS:
        yield f"{within}date_of_birth", "TOO_LONG_AGO"


def _name_faults(name: ChildName, path: str) -> Iterator[Fault]:
    for text in (name.surname, name.given_names):
        if text and (reason := name_fault(text)):
            yield path, reason


_PLACES = frozenset({AddressState.CURRENT, AddressState.LAST_KNOWN})
