"""What one source says of one child in one section: the unit that is sealed, versioned and replaced as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from uuid import UUID

from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName, Gender


class Section(Enum):
    """Parts of what is known of a child, each with keys of its own; the numbers are the contract's."""

    IDENTITY = 1
    SERVICES = 2
    HOME = 3
    SENSITIVE = 4


class InvolvementKind(Enum):
    """The kinds that can be recorded yet, in the order of a record; the numbers are the contract's."""

    EDUCATION = 1
    GP = 2
    UNIVERSAL = 3
    ADDITIONAL = 4


class EducationState(Enum):
    """Why there is no school; the numbers are the contract's."""

    NOT_OF_AGE = 1
    HOME_EDUCATED = 2
    NOT_KNOWN = 3


class AddressState(Enum):
    """What an address is worth; the numbers are the contract's."""

    CURRENT = 1
    LAST_KNOWN = 2
    NONE_KNOWN = 3
    LEFT_RETURNS = 4
    LEFT_FOR_GOOD = 5
    LEFT_NOT_KNOWN = 6


@dataclass(frozen=True, kw_only=True, slots=True)
class Education:
    """The school, or why there is none."""

    provider_id: UUID | None = None
    state: EducationState | None = None
    start_date: DateOfBirth | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Practice:
    """The GP practice."""

    provider_id: UUID
    start_date: DateOfBirth | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Involvement:
    """One practitioner or team who works with the child, as its source recorded it."""

    involvement_id: UUID
    kind: InvolvementKind
    provider_id: UUID
    practitioner: str
    telephone: str
    email: str
    start_date: DateOfBirth | None
    confirmed_at: datetime
    end_date: DateOfBirth | None = None
    lead_claimed_at: datetime | None = None
    """When it was claimed to be the lead professional's; None where it is not claimed."""
    has_common_assessment: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """A contact that somebody found not to answer."""

    involvement_id: UUID
    reported_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where the child lives, as far as it is known."""

    state: AddressState
    lines: tuple[str, ...] = ()
    postcode: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Carer:
    """A parent or carer: a name and how to reach them, nothing else."""

    name: str
    telephone: str = ""
    email: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Who the child is: what a limited record still shows."""

    name: ChildName
    date_of_birth: DateOfBirth
    gender: Gender


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """Who works with the child."""

    former_names: tuple[ChildName, ...] = ()
    education: Education | None = None
    gp_practice: Practice | None = None
    involvements: tuple[Involvement, ...] = ()
    reports: tuple[Report, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """Where the child lives, and with whom."""

    address: Address | None = None
    carers: tuple[Carer, ...] = ()


Content = Identity | Services | Home


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """Everything that one source says in one section, with its provenance."""

    source: UUID
    """The body that supplied it."""
    supplied_at: datetime
    confirmed_at: datetime
    content: Content

    @property
    def section(self) -> Section:
        """The section that it belongs to."""
        return section_of(self.content)


def section_of(content: Content) -> Section:
    """Return the section that a content belongs to."""
    match content:
        case Identity():
            return Section.IDENTITY
        case Services():
            return Section.SERVICES
        case Home():
            return Section.HOME
