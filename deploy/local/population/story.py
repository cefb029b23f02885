"""The demonstration's cast: children that are the same beside every population."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

from deploy.local.population.child import (
    Address,
    AddressState,
    Carer,
    Child,
    Education,
    EducationState,
    Gender,
    GpRegistration,
    Involvement,
    InvolvementKind,
    Name,
    Precision,
)
from deploy.local.population.identifiers import PUPIL_SERIALS, SERIALS, nhs_number, pupil_number
from deploy.local.population.provider import Provider
from deploy.local.population.services_around import NOT_OF_AGE, YEARS_OF_PRIMARY_SCHOOL, starts_school_in
from deploy.local.population.story_providers import (
    AUTHORITY,
    FAMILY_CENTRE,
    HEALTH_VISITING,
    HIGH_SCHOOL,
    PRACTICE,
    PRIMARY_SCHOOL,
    SCHOOL_NURSING,
    SOCIAL_CARE,
)
from deploy.local.population.telephones import MOBILE, number

# No names of the lists: whoever searches the cast meets nobody else. A test holds it.
RESERVED_SURNAMES = frozenset(
    {"Thistlethwaite", "Wrigglesworth", "Rookwood", "Zarghuna", "Pemberthy", "Marchbanks", "Cotterell", "Vexham"}
)

_FIRST_KEY = 1_000_000_000
_NHS_NUMBERS = tuple(filter(None, map(nhs_number, range(SERIALS, SERIALS + 20))))


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """The cast as of one day, each by its part."""

    today: date
    worried_about: Child
    """A nurse worries about her, and types her name as she heard it; she has everyone a child can have."""
    unique: Child
    alike: tuple[Child, Child]
    """Same name, same date of birth, another home."""
    one_name_only: Child
    newborn: Child
    limited: Child
    """To be shielded; lived under another name before."""

    def __iter__(self) -> Iterator[Child]:
        """Yield the children in the order of their keys."""
        yield from (self.worried_about, self.unique, *self.alike, self.one_name_only, self.newborn, self.limited)


def story(today: date) -> Story:
    """Return the cast as of a day: the ages stay the same from year to year."""
    year, girl, boy = today.year, Gender.FEMALE, Gender.MALE
    adam = _child(2, Name("Rookwood", "Adam"), date(year - 7, 2, 9), boy, home=_home(14, "Alma Road", "LS6 2QX"))
    namesake = _child(3, adam.name, adam.date_of_birth, boy, home=_home(3, "Stoney Lane", "LS13 4TB"))
    newborn = _child(
        5, Name("Pemberthy", ""), today - timedelta(days=3), girl, home=_home(9, "Spring Grove", "LS8 5RT"), school=None
    )
    limited = _child(
        6, Name("Marchbanks", "Elowen"), date(year - 10, 8, 23), girl, home=_home(22, "Rowan Close", "LS17 9ZD")
    )
    nowhere = Address(AddressState.NONE_KNOWN, (), "")
    zarghuna = _child(4, Name("Zarghuna", ""), date(year - 12, 1, 17), girl, home=nowhere, school=HIGH_SCHOOL)
    return Story(
        today=today,
        worried_about=_worried_about(today),
        unique=_child(
            1, Name("Wrigglesworth", "Tobias"), date(year - 9, 11, 6), boy, home=_home(71, "Linden Drive", "LS7 3WE")
        ),
        alike=(adam, namesake),
        one_name_only=replace(zarghuna, is_one_name_only=True),
        newborn=replace(newborn, is_not_yet_named=True),
        limited=replace(limited, former_names=(Name("Cotterell", "Ellie"),)),
    )


def _worried_about(today: date) -> Child:
    """Return a girl of four or five with a school, a practice, four practitioners, and two carers."""
    name, born = Name("Thistlethwaite", "Maisie"), date(today.year - 5, 3, 4)
    child = _child(0, name, born, Gender.FEMALE, home=_home(48, "Hawthorn Terrace", "LS9 6LP"))
    social_worker = _involvement(InvolvementKind.ADDITIONAL, SOCIAL_CARE, today)
    return replace(
        child,
        carers=(
            Carer("Joanne Thistlethwaite", number(MOBILE, 900), "joanne.thistlethwaite@example.org"),
            Carer("Mark Thistlethwaite", number(MOBILE, 901), ""),
        ),
        involvements=(
            _involvement(InvolvementKind.UNIVERSAL, HEALTH_VISITING, today),
            _involvement(InvolvementKind.UNIVERSAL, SCHOOL_NURSING, today),
            replace(social_worker, is_lead_professional=True, has_common_assessment=True),
            _involvement(InvolvementKind.ADDITIONAL, FAMILY_CENTRE, today),
        ),
    )


def _involvement(kind: InvolvementKind, provider: Provider, today: date) -> Involvement:
    return Involvement(
        kind=kind,
        provider=provider,
        practitioner=provider.practitioners[0],
        start_date=today - timedelta(days=150),
        last_confirmed=today - timedelta(days=20),
        is_lead_professional=False,
        has_common_assessment=False,
    )


def _home(house: int, street: str, postcode: str) -> Address:
    return Address(AddressState.CURRENT, (f"{house} {street}", "Leeds"), postcode)


def _child(
    place: int, name: Name, born: date, gender: Gender, *, home: Address, school: Provider | None = PRIMARY_SCHOOL
) -> Child:
    starts = starts_school_in(born)
    first_year = starts + YEARS_OF_PRIMARY_SCHOOL if school is HIGH_SCHOOL else starts
    return Child(
        key=_FIRST_KEY + place,
        household=_FIRST_KEY + place,
        tradition="story",
        name=name,
        is_one_name_only=False,
        is_not_yet_named=False,
        former_names=(),
        date_of_birth=born,
        precision=Precision.DAY,
        gender=gender,
        authority=AUTHORITY,
        address=home,
        carers=(Carer(f"Sarah {name.surname}", number(MOBILE, 910 + place), ""),),
        education=Education(EducationState.AT_SCHOOL, school, date(first_year, 9, 4)) if school else NOT_OF_AGE,
        gp=GpRegistration(PRACTICE, born),
        nhs_number=_NHS_NUMBERS[place],
        upn=pupil_number(PUPIL_SERIALS + place, starts) if school else "",
        involvements=(),
    )
