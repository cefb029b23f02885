"""Children for tests whom no search for another one finds: their days are apart, and so are their names."""

from __future__ import annotations

import itertools
import random
from datetime import date

from deploy.local.population.query import Query

_ONSETS = "bdfgklmnprstvz"
_GIVEN_NAMES = ("Oriel", "Bethan", "Kwame", "Dilys", "Tomasz", "Ffion", "Gurpreet", "Hamish", "Ulla", "Zainab")
# A search for a day reads those beside it and the one with day and month swapped: none of these is such a slip.
_DAYS, _MONTHS, _YEARS = range(14, 29, 2), range(1, 13), range(2013, 2019)
_count = itertools.count(random.randrange(10_000))


def unlike_any_other(*, initial: str = "", given_names: str = "") -> Query:
    """Return the search for a child whom nobody entered, by name and date; `initial` stands before its surname.

    In one process 576 in a row are born on different days, none a slip of another.
    """
    place = next(_count)
    rest, year = divmod(place, len(_YEARS))
    rest, month = divmod(rest, len(_MONTHS))
    born = date(_YEARS[year], _MONTHS[month], _DAYS[rest % len(_DAYS)])
    surname = "".join(random.choice(_ONSETS) + random.choice("aeiou") for _ in range(5))
    return Query(
        surname=initial + surname if initial else surname.title(),
        given_names=given_names or _GIVEN_NAMES[place % len(_GIVEN_NAMES)],
        date_of_birth=born,
    )
