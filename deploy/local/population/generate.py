"""The population as a stream: providers first, then children, family by family."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial

from deploy.local.population.areas import Area, read_areas
from deploy.local.population.child import Child, Gender, Name
from deploy.local.population.draw import Draw, pool
from deploy.local.population.families import Families
from deploy.local.population.provider import Provider
from deploy.local.population.providers import AreaProviders, Founding
from deploy.local.population.query import Query
from deploy.local.population.traditions import read_traditions


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedName:
    """A name that so many children born around one day share that a search by it and the year is too wide."""

    name: Name
    gender: Gender
    children: int
    age: int
    """The year of birth is so many years before today's."""
    month: int
    first_day: int
    days: int

    def born(self, place: int, today: date) -> date:
        """Return the date of birth of the child at a place of the 25: the days of the window in turn."""
        return date(today.year - self.age, self.month, self.first_day) + timedelta(days=place % self.days)

    def query(self, today: date) -> Query:
        """Return the search that finds too many."""
        return Query(surname=self.name.surname, given_names=self.name.given_names, year_of_birth=today.year - self.age)


# Twenty rows are the most that a search shows. Three days side by side, so that a date of birth narrows it to a list.
SHARED_NAME = SharedName(
    name=Name("Taylor", "Grace"), gender=Gender.FEMALE, children=25, age=9, month=5, first_day=14, days=3
)


class Population:
    """Some number of invented children, with the providers that work with them.

    The same seed, number and day give the same children each time it is gone through. Going through it holds one
    family in memory, so that a million children cost no more than one.
    """

    def __init__(self, *, seed: int, children: int, today: date) -> None:
        self._seed = seed
        self._children = children
        self._today = today
        self._traditions = read_traditions()
        self._tradition_pool = pool(self._traditions, [tradition.share for tradition in self._traditions])
        areas = read_areas()
        draw = Draw(f"{seed}/providers")
        founding = Founding(draw, partial(draw.of, self._tradition_pool))
        all_shares = sum(area.share for area in areas)
        self._areas: tuple[tuple[Area, AreaProviders], ...] = tuple(
            (area, founding.area(area, round(children * area.share / all_shares))) for area in areas
        )
        self.providers: tuple[Provider, ...] = tuple(
            provider for _, area_providers in self._areas for provider in area_providers
        )

    def __len__(self) -> int:
        return self._children

    def __iter__(self) -> Iterator[Child]:
        """Yield the children by key from 0; the first of them are the namesakes."""
        draw = Draw(f"{self._seed}/children")
        area_pool = pool(self._areas, [area.share for area, _ in self._areas])
        families = Families(
            draw,
            draw_tradition=partial(draw.of, self._tradition_pool),
            draw_area=partial(draw.of, area_pool),
            english=self._traditions[0],
            today=self._today,
        )
        key = 0
        for place in range(min(SHARED_NAME.children, self._children)):
            born = SHARED_NAME.born(place, self._today)
            yield families.namesake(key, SHARED_NAME.name, born, SHARED_NAME.gender)
            key += 1
        while key < self._children:
            for child in families.children(families.family(), key):
                if key < self._children:
                    yield child
                    key += 1
