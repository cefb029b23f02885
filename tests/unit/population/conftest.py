"""One population for all these tests: making it takes longer than looking at it."""

from datetime import date

import pytest

from deploy.local.population.child import Child
from deploy.local.population.generate import Population

TODAY = date(2026, 9, 1)


@pytest.fixture(scope="session")
def population() -> Population:
    return Population(seed=7, children=20_000, today=TODAY)


@pytest.fixture(scope="session")
def children(population: Population) -> list[Child]:
    return list(population)
