"""What the population says of a child, by the closed list of the directory: who, where, and who works with them."""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from deploy.local.population.provider import Practitioner, Provider


class Gender(Enum):
    """Gender as it is recorded."""

    FEMALE = "female"
    MALE = "male"
    NOT_SPECIFIED = "not specified"


class Precision(Enum):
    """How much of a date of birth is known; the rest of the date is then its first day."""

    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class AddressState(Enum):
    """What an address is worth."""

    CURRENT = "current"
    LAST_KNOWN = "last known"
    NONE_KNOWN = "no known address"
    LEFT_RETURNS = "left England, returns within three years"
    LEFT_FOR_GOOD = "left England, does not return"
    LEFT_NOT_KNOWN = "left England, return not known"


class EducationState(Enum):
    """Where a child is taught, or the neutral reason why no school is named."""

    AT_SCHOOL = "at school"
    NOT_OF_AGE = "not of age"
    HOME_EDUCATED = "electively home educated"
    NOT_KNOWN = "not known"


class InvolvementKind(Enum):
    """The kinds that an ordinary practitioner sees in full. There is no sensitive one in the population."""

    EDUCATION = "education"
    GP = "GP"
    UNIVERSAL = "universal"
    ADDITIONAL = "additional"


@dataclass(frozen=True, slots=True)
class Name:
    """A surname with given names. One name only stands in `surname`, and so does a newborn's who is not yet named."""

    surname: str
    given_names: str


@dataclass(frozen=True, slots=True)
class Address:
    """Lines and postcode; both empty where no address is known."""

    state: AddressState
    lines: tuple[str, ...]
    postcode: str


@dataclass(frozen=True, slots=True)
class Carer:
    """A parent or carer: a name and how to reach them, nothing else."""

    name: str
    telephone: str
    email: str


@dataclass(frozen=True, slots=True)
class Education:
    """The school, since when; or why there is none."""

    state: EducationState
    school: Provider | None
    start_date: date | None


@dataclass(frozen=True, slots=True)
class GpRegistration:
    """The practice, since when."""

    practice: Provider
    start_date: date


@dataclass(frozen=True, slots=True)
class Involvement:
    """One practitioner who works with the child; out of hours the provider's number answers."""

    kind: InvolvementKind
    provider: Provider
    practitioner: Practitioner
    start_date: date
    last_confirmed: date
    is_lead_professional: bool
    has_common_assessment: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """An invented child.

    `household` and `tradition` are the generator's own knowledge, for tests and benches: the directory holds no link
    from child to child, and nothing of where a name comes from, so neither is ever supplied.
    """

    key: int
    household: int
    tradition: str
    name: Name
    is_one_name_only: bool
    is_not_yet_named: bool
    former_names: tuple[Name, ...]
    date_of_birth: date
    precision: Precision
    gender: Gender
    authority: str
    address: Address
    carers: tuple[Carer, ...]
    education: Education
    gp: GpRegistration | None
    nhs_number: str
    upn: str
    involvements: tuple[Involvement, ...]
