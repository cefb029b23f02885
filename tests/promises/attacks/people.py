"""The synthetic children whom attacks are tried on, and what is asked about them."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import date
from functools import cache

from deploy.local.population.child import Child, Precision
from deploy.local.population.generate import Population

TODAY = date(2026, 3, 2)


@cache
def population(children: int) -> Population:
    """Return the population, always the same."""
    return Population(seed=1, children=children, today=TODAY)


@cache
def arriving(children: int) -> list[Child]:
    """Return its children in the order of a supply that is not sorted by family."""
    made = list(population(children))
    random.Random(2).shuffle(made)
    return made


def values(child: Child) -> Mapping[str, object]:
    """Return what an attacker wants to know of a child."""
    return {
        "surname": child.name.surname,
        "given names": child.name.given_names or None,
        "date of birth": child.date_of_birth,
        "postcode": child.address.postcode or None,
    }


def searched(children: list[Child], searches: int) -> list[Child]:
    """Return the children who are looked for in a day, each with a day of birth: all of them in turn."""
    dated = [child for child in children if child.precision is Precision.DAY]
    order = random.Random(3)
    found: list[Child] = []
    while len(found) < searches:
        found += order.sample(dated, min(len(dated), searches - len(found)))
    return found
