"""Families, and their children one after another."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from deploy.local.population.areas import Area
from deploy.local.population.births import Births
from deploy.local.population.child import Address, Carer, Child, EducationState, Gender, Name, Precision
from deploy.local.population.customs import FamilyNames
from deploy.local.population.draw import Draw
from deploy.local.population.homes import Homes
from deploy.local.population.identifiers import nhs_number_of, pupil_number_of
from deploy.local.population.naming import Called, Naming
from deploy.local.population.provider import Provider
from deploy.local.population.providers import AreaProviders
from deploy.local.population.services_around import ServicesAround, starts_school_in
from deploy.local.population.traditions import Tradition

DAYS_UNTIL_A_BIRTH_IS_REGISTERED = 42


@dataclass(frozen=True, slots=True)
class Family:
    """What brothers and sisters have in common."""

    household: int
    names: FamilyNames
    area: Area
    providers: AreaProviders
    home: Address
    carers: tuple[Carer, ...]
    schools: tuple[Provider, Provider]
    practice: Provider


class Families:
    """Makes one family after another; the whole sequence hangs on the draw alone."""

    def __init__(
        self,
        draw: Draw,
        *,
        draw_tradition: Callable[[], Tradition],
        draw_area: Callable[[], tuple[Area, AreaProviders]],
        english: Tradition,
        today: date,
    ) -> None:
        self._draw = draw
        self._draw_tradition = draw_tradition
        self._draw_area = draw_area
        self._english = english
        self._today = today.toordinal()
        self._births = Births(draw, today)
        self._naming = Naming(draw, english)
        self._homes = Homes(draw)
        self._services_around = ServicesAround(draw, today)
        self._households = 0

    def family(self) -> Family:
        """Return a new family, with no children yet."""
        draw = self._draw
        names = self._family_names()
        area, providers = self._draw_area()
        return Family(
            self._household(),
            names,
            area,
            providers,
            self._homes.address(area),
            self._homes.carers(names),
            (draw.of(providers.primary_schools), draw.of(providers.secondary_schools)),
            draw.of(providers.practices),
        )

    def children(self, family: Family, first_key: int) -> Iterator[Child]:
        """Yield the family's children, with the keys from `first_key` on."""
        draw, given, taken = self._draw, "", set[str]()
        for key, birth in enumerate(self._births.of_a_family(), start=first_key):
            names = family.names
            if self._today - birth.born.toordinal() < DAYS_UNTIL_A_BIRTH_IS_REGISTERED and draw.chance(0.4):
                called, recorded = self._naming.not_yet(names), (birth.born, Precision.DAY)
            else:
                given = self._naming.forename(names, birth.gender, taken, given if birth.is_second_twin else "")
                taken.add(given)
                called = self._naming.full(names, birth.gender, given)
                recorded = self._births.as_recorded(birth.born, names.tradition.estimated_births)
            gender = Gender.NOT_SPECIFIED if draw.chance(0.01) else birth.gender
            yield self._child(family, key, called, recorded, gender)

    def namesake(self, key: int, name: Name, born: date, gender: Gender) -> Child:
        """Return an only child of exactly this name and date of birth, otherwise like any other."""
        return self._child(self.family(), key, Called(name), (born, Precision.DAY), gender)

    def _child(
        self, family: Family, key: int, called: Called, recorded: tuple[date, Precision], gender: Gender
    ) -> Child:
        household, home = family.household, family.home
        if self._draw.chance(0.04):
            # Lives with the other parent, or in care: the same family, in another household.
            household, home = self._household(), self._homes.address(family.area)
        born, precision = recorded
        education = self._services_around.education(born, family.schools, family.providers)
        gp = self._services_around.gp(born, family.practice)
        is_at_school = education.state is EducationState.AT_SCHOOL
        return Child(
            key=key,
            household=household,
            tradition=family.names.tradition.name,
            name=called.name,
            is_one_name_only=called.is_one_name_only,
            is_not_yet_named=called.is_not_yet_named,
            former_names=called.former_names,
            date_of_birth=born,
            precision=precision,
            gender=gender,
            authority=family.area.authority,
            address=home,
            carers=family.carers,
            education=education,
            gp=gp,
            nhs_number=nhs_number_of(key),
            upn=pupil_number_of(key, starts_school_in(born)) if is_at_school else "",
            involvements=self._services_around.involvements(born, education, gp, family.providers),
        )

    def _family_names(self) -> FamilyNames:
        draw = self._draw
        fathers = mothers = self._draw_tradition()
        if draw.chance(0.08):
            mothers = self._english if draw.chance(0.6) else self._draw_tradition()
        return FamilyNames(
            tradition=fathers,
            mothers_tradition=mothers,
            surname=draw.of(fathers.surnames),
            mothers_surname=draw.of(mothers.surnames),
            father=draw.of(fathers.boys),
            grandfather=draw.of(fathers.boys),
            mother=draw.of(mothers.girls),
            habit=draw.fraction(),
        )

    def _household(self) -> int:
        self._households += 1
        return self._households
