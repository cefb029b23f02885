"""The schools, practices and teams of every area, as many as its children need."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields

from deploy.local.population.areas import Area
from deploy.local.population.child import Gender
from deploy.local.population.draw import Draw
from deploy.local.population.provider import Practitioner, Provider, ProviderKind
from deploy.local.population.read_lists import words_for
from deploy.local.population.spellings import plain
from deploy.local.population.telephones import FREEPHONE, Numbering
from deploy.local.population.traditions import Tradition

MAIL_DOMAIN = "example.org"

# Codes in the form of real ones that no real body holds: URNs of schools begin with 1 (in Wales with 4), practices'
# five digits with 8. The first hundred of each are the story's.
FIRST_URN = 900_101
FIRST_PRACTICE = 101

CHILDREN_OF_A_PRIMARY_SCHOOL = 260
CHILDREN_OF_A_SECONDARY_SCHOOL = 1_050
CHILDREN_OF_A_PRACTICE = 1_900
CHILDREN_OF_A_TEAM = 6_000

_PRIMARY = words_for("kind of primary school")
_SECONDARY = words_for("kind of secondary school")
_PRACTICES = words_for("kind of practice")
_STEMS = tuple(
    f"{first}{second}" for second in words_for("body, second half") for first in words_for("body, first half")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaProviders:
    """Who works with the children of one area."""

    primary_schools: tuple[Provider, ...]
    secondary_schools: tuple[Provider, ...]
    practices: tuple[Provider, ...]
    health_visiting: tuple[Provider, ...]
    school_nursing: tuple[Provider, ...]
    social_care: tuple[Provider, ...]
    youth_offending: tuple[Provider, ...]
    special_needs: tuple[Provider, ...]
    education_welfare: tuple[Provider, ...]
    voluntary: tuple[Provider, ...]

    def __iter__(self) -> Iterator[Provider]:
        for field in fields(self):
            yield from getattr(self, field.name)


class Founding:
    """Founds the providers of one population; a provider's key is its place in the order of founding."""

    def __init__(self, draw: Draw, draw_tradition: Callable[[], Tradition]) -> None:
        self._draw = draw
        self._draw_tradition = draw_tradition
        self._numbering = Numbering()
        self._founded = 0
        self._urn = FIRST_URN
        self._practices: dict[str, int] = {}
        self._names_taken: set[str] = set()

    def area(self, area: Area, children: int) -> AreaProviders:
        """Return the providers of an area of so many children; every kind is there however few they are."""
        duty_team = self._numbering.next(FREEPHONE)

        def schools(kinds: tuple[str, ...], children_of_one: int) -> tuple[Provider, ...]:
            return tuple(self._school(area, kinds) for _ in range(max(2, round(0.4 * children / children_of_one))))

        def teams(kind: ProviderKind, name: str, staff: int = 6) -> tuple[Provider, ...]:
            places = area.places[: max(1, min(len(area.places), round(children / CHILDREN_OF_A_TEAM)))]
            return tuple(self._team(area, kind, f"{name}, {place}", duty_team, staff) for place in places)

        return AreaProviders(
            primary_schools=schools(_PRIMARY, CHILDREN_OF_A_PRIMARY_SCHOOL),
            secondary_schools=schools(_SECONDARY, CHILDREN_OF_A_SECONDARY_SCHOOL),
            practices=tuple(self._practice(area) for _ in range(max(2, round(children / CHILDREN_OF_A_PRACTICE)))),
            health_visiting=teams(ProviderKind.UNIVERSAL_HEALTH, "Health Visiting Team"),
            school_nursing=teams(ProviderKind.UNIVERSAL_HEALTH, "School Nursing Team"),
            social_care=teams(ProviderKind.SOCIAL_CARE, "Children's Social Care", staff=10),
            youth_offending=teams(ProviderKind.YOUTH_OFFENDING, "Youth Offending Team", staff=4),
            special_needs=teams(ProviderKind.EDUCATION_SUPPORT, "Special Educational Needs Service"),
            education_welfare=teams(ProviderKind.EDUCATION_SUPPORT, "Education Welfare Service", staff=4),
            voluntary=(
                self._team(area, ProviderKind.VOLUNTARY, f"{area.name} Young Carers' Project", "", 3),
                self._team(area, ProviderKind.VOLUNTARY, f"{area.name} Family Centre", "", 3),
            ),
        )

    def _school(self, area: Area, kinds: tuple[str, ...]) -> Provider:
        name = self._new_name(area, kinds)
        urn, self._urn = str(self._urn), self._urn + 1
        return self._found(area, ProviderKind.SCHOOL, name, staff=3, urn=urn)

    def _practice(self, area: Area) -> Provider:
        name = self._new_name(area, _PRACTICES)
        serial = self._practices.get(area.ods_letter, FIRST_PRACTICE)
        self._practices[area.ods_letter] = serial + 1
        return self._found(area, ProviderKind.GP_PRACTICE, name, staff=4, ods_code=f"{area.ods_letter}{serial:05d}")

    def _team(self, area: Area, kind: ProviderKind, name: str, out_of_hours: str, staff: int) -> Provider:
        return self._found(area, kind, name, staff=staff, out_of_hours=out_of_hours)

    def _new_name(self, area: Area, kinds: tuple[str, ...]) -> str:
        """Return a name that no body of this area bears yet; in a large area places tell namesakes apart."""
        while True:
            name = f"{self._draw.of(_STEMS)} {self._draw.of(kinds)}"
            if self._draw.chance(0.5):
                name = f"{name}, {self._draw.of(area.places)}"
            if (taken := f"{area.authority} {name}") not in self._names_taken:
                self._names_taken.add(taken)
                return name

    def _found(
        self,
        area: Area,
        kind: ProviderKind,
        name: str,
        *,
        staff: int,
        out_of_hours: str = "",
        urn: str = "",
        ods_code: str = "",
    ) -> Provider:
        self._founded += 1
        return Provider(
            key=self._founded,
            kind=kind,
            name=name,
            authority=area.authority,
            telephone=self._numbering.next(area.drama_range),
            telephone_out_of_hours=out_of_hours,
            email=f"duty@{plain(name)[:40].strip('-')}.{area.domain}.{MAIL_DOMAIN}",
            urn=urn,
            ods_code=ods_code,
            practitioners=tuple(self._practitioner(area) for _ in range(staff)),
        )

    def _practitioner(self, area: Area) -> Practitioner:
        tradition = self._draw_tradition()
        gender = Gender.FEMALE if self._draw.chance(0.75) else Gender.MALE
        given, surname = tradition.forename(gender, self._draw), self._draw.of(tradition.surnames)
        return Practitioner(
            name=f"{given} {surname}",
            telephone=self._numbering.next(area.drama_range),
            email=f"{plain(given)}.{plain(surname)}@{area.domain}.{MAIL_DOMAIN}",
        )
