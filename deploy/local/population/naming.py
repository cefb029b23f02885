"""What a child is called: forename, middle name, the tradition's custom, and what the register made of it."""
# ruff: noqa: PLR2004
# Frequencies are said where they are used: each stands once, and its line says of what.

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from deploy.local.population.child import Gender, Name
from deploy.local.population.customs import CUSTOMS, FamilyNames
from deploy.local.population.draw import Draw
from deploy.local.population.spellings import respelt
from deploy.local.population.traditions import Tradition

_MIDDLE_NAMES_ARE_USUAL = {"english", "welsh", "scottish", "irish", "traveller", "caribbean", "jewish"}


@dataclass(frozen=True, slots=True)
class Called:
    """A child's name with what came before it, and which of the three shapes it has."""

    name: Name
    former_names: tuple[Name, ...] = ()
    is_one_name_only: bool = False
    is_not_yet_named: bool = False


class Naming:
    """Names the children of families."""

    def __init__(self, draw: Draw, english: Tradition) -> None:
        self._draw = draw
        self._english = english

    def forename(self, family: FamilyNames, gender: Gender, taken: Collection[str], twin: str) -> str:
        """Return a forename that no brother or sister bears, often like the twin's; `twin` is "" for the others."""
        draw, tradition = self._draw, family.tradition
        if twin and draw.chance(0.6):
            return draw.of(names_like(twin, tradition, gender))
        if draw.chance(tradition.english_forenames):
            tradition = self._english
        elif family.mothers_tradition is not tradition and draw.chance(0.5):
            tradition = family.mothers_tradition
        while (forename := tradition.forename(gender, draw)) in taken:
            continue
        return forename

    def not_yet(self, family: FamilyNames) -> Called:
        """Return how a newborn is known before its birth is registered: by the mother's surname."""
        return Called(Name(respelt(family.mothers_surname, self._draw), ""), is_not_yet_named=True)

    def full(self, family: FamilyNames, gender: Gender, given: str) -> Called:
        """Return the name by the family's custom; one name only, swapped order and former names now and then."""
        draw, tradition = self._draw, family.tradition
        fraction = draw.fraction()
        if fraction < (0.0006 if tradition.custom == "inherited" else 0.006):
            return Called(Name(respelt(given, draw), ""), is_one_name_only=True)
        if draw.chance(0.55 if tradition.name in _MIDDLE_NAMES_ARE_USUAL else 0.08):
            middle = tradition.forename(gender, draw)
            given = given if middle == given else f"{given} {middle}"
        name = CUSTOMS[tradition.custom](family, gender, given, draw)
        name = Name(respelt(name.surname, draw), respelt(name.given_names, draw))
        former = self._former_names(family, gender, name) if draw.chance(0.03) else ()
        if fraction > 0.995:
            name = Name(name.given_names, name.surname)
        return Called(name, former)

    def _former_names(self, family: FamilyNames, gender: Gender, name: Name) -> tuple[Name, ...]:
        """Return what the child was called before: mostly another surname, seldom another given name too."""
        draw = self._draw
        fraction = draw.fraction()
        surname = family.mothers_surname if fraction < 0.6 else draw.of(self._english.surnames)
        given_names = family.tradition.forename(gender, draw) if fraction > 0.95 else name.given_names
        former = Name(surname, given_names)
        return () if former == name else (former,)


@lru_cache(maxsize=10_000)
def names_like(name: str, tradition: Tradition, gender: Gender) -> tuple[str, ...]:
    """Return the forenames that parents of twins pair with a name: alike at the beginning or in the ending."""
    others = [other for other in tradition.forenames(gender) if other != name]
    return tuple(other for other in others if other[:2] == name[:2] or other[-3:] == name[-3:]) or tuple(others)
