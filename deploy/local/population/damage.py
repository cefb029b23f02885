"""How people mistype and mishear: turns a child into the search that a hurried practitioner would make, for recall."""
# ruff: noqa: PLR2004
# Frequencies are said where they are used: each stands once, and its line says of what.

from datetime import date, timedelta
from enum import Enum

from deploy.local.population.child import Child, Precision
from deploy.local.population.draw import Draw, pool
from deploy.local.population.query import Query
from deploy.local.population.read_lists import rows_of
from deploy.local.population.spellings import without_accents

SHORTEST_NAME_TO_MISTYPE = 3
MONTHS = 12


class Slip(Enum):
    """What went wrong between the child's name and the keyboard."""

    NONE = "none"
    ONE_EDIT_IN_EACH_NAME = "one edit in each name"
    TRANSPOSED_LETTERS = "transposed letters"
    SOUND_ALIKE = "sound-alike"
    NO_ACCENTS = "no accents"
    NAMES_SWAPPED = "names swapped"
    DAY_AND_MONTH_SWAPPED = "day and month swapped"
    DATE_OFF_BY_ONE = "date off by one"


# What searches suffer from, roughly as often: an assumption, for want of published figures.
USUAL_SLIPS = pool(tuple(Slip), (45, 15, 6, 14, 5, 4, 5, 6))

_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")

# One spelling for another of the same sound, to an English ear.
_SAME_SOUND = tuple((row["spelt"], row["heard_as"]) for row in rows_of("sounds"))


def damaged(child: Child, slip: Slip, draw: Draw) -> Query:
    """Return the search for the child with one slip: first given name, surname, and a date of birth.

    Where the date of birth is an estimate the practitioner asks for some day of what is known.
    """
    surname, given = child.name.surname, child.name.given_names.split(" ")[0]
    born = _said_date_of_birth(child, draw)
    match slip:
        case Slip.NONE:
            pass
        case Slip.ONE_EDIT_IN_EACH_NAME:
            surname, given = mistyped(surname, draw), mistyped(given, draw)
        case Slip.TRANSPOSED_LETTERS:
            surname, given = transposed(surname, draw), transposed(given, draw)
        case Slip.SOUND_ALIKE:
            surname, given = misheard(surname, draw), misheard(given, draw)
        case Slip.NO_ACCENTS:
            surname, given = without_accents(surname.replace("\u2019", "'")), without_accents(given)
        case Slip.NAMES_SWAPPED:
            # A name not yet given cannot be swapped.
            surname, given = (given, surname) if given else (surname, given)
        case Slip.DAY_AND_MONTH_SWAPPED:
            born = day_and_month_swapped(born)
        case Slip.DATE_OFF_BY_ONE:
            born += timedelta(days=1 if draw.chance(0.5) else -1)
    return Query(surname=surname, given_names=given, date_of_birth=born, is_not_yet_named=child.is_not_yet_named)


def mistyped(name: str, draw: Draw) -> str:
    """Return the name with one edit: a letter left out, doubled, hit beside, or exchanged with the next."""
    if len(name) < SHORTEST_NAME_TO_MISTYPE:
        return name
    kind = draw.fraction()
    if kind < 0.3:
        return transposed(name, draw)
    # Hardly anybody mistypes a first letter.
    place = 0 if draw.chance(0.05) else draw.between(1, len(name) - 1)
    letter = name[place]
    if kind < 0.55:
        return name[:place] + name[place + 1 :]
    if kind < 0.75:
        return name[: place + 1] + letter.lower() + name[place + 1 :]
    wrong = _key_beside(letter.lower(), draw)
    return name[:place] + (wrong.upper() if letter.isupper() else wrong) + name[place + 1 :]


def _key_beside(letter: str, draw: Draw) -> str:
    for row in _KEYBOARD:
        if (place := row.find(letter)) >= 0:
            return draw.of(row[max(0, place - 1) : place] + row[place + 1 : place + 2])
    return "e"


def transposed(name: str, draw: Draw) -> str:
    """Return the name with two different letters that stand side by side exchanged, never the first."""
    places = [place for place in range(1, len(name) - 1) if name[place] != name[place + 1]]
    if not places:
        return name
    place = draw.of(places)
    return name[:place] + name[place + 1] + name[place] + name[place + 2 :]


def misheard(name: str, draw: Draw) -> str:
    """Return the name with one sound spelt another way, or as it is where no rule knows a sound of it."""
    heard = name.lower()
    rules = [(spelt, other) for spelt, other in _SAME_SOUND if spelt in heard]
    if not rules:
        return name
    spelt, other = draw.of(rules)
    place = heard.index(spelt)
    rest = name[place + len(spelt) :]
    return name[:place] + (other.capitalize() if name[place].isupper() else other) + rest


def day_and_month_swapped(born: date) -> date:
    """Return 3 April for 4 March, and a date whose day is no month as it is."""
    return date(born.year, born.day, born.month) if born.day <= MONTHS else born


def _said_date_of_birth(child: Child, draw: Draw) -> date:
    born = child.date_of_birth
    match child.precision:
        case Precision.DAY:
            return born
        case Precision.MONTH:
            return born.replace(day=draw.between(1, 28))
        case Precision.YEAR:
            return date(born.year, draw.between(1, 12), draw.between(1, 28))
