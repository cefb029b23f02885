"""Seeded chance: the one source of everything that varies in the population."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

POOL_SLOTS = 8_192


class Draw:
    """A stream of decisions that is the same for the same seed, on every machine and Python.

    Everything rests on `Random.random()`, whose sequence Python keeps from version to version; `choice` and `randrange`
    make no such promise, and are three times slower.
    """

    __slots__ = ("fraction",)

    def __init__(self, seed: str) -> None:
        self.fraction = random.Random(seed).random
        """The next number from 0 to below 1."""

    def chance(self, probability: float) -> bool:
        return self.fraction() < probability

    def of(self, things: Sequence[T]) -> T:
        return things[int(self.fraction() * len(things))]

    def between(self, lowest: int, highest: int) -> int:
        """Return a whole number from lowest to highest, both included."""
        return lowest + int(self.fraction() * (highest - lowest + 1))


def pool(things: Sequence[T], weights: Sequence[float]) -> tuple[T, ...]:
    """Return the things repeated by weight, each at least once, so that one even draw is a weighted one."""
    total = sum(weights)
    repeated: list[T] = []
    for thing, weight in zip(things, weights, strict=True):
        repeated.extend([thing] * max(1, round(POOL_SLOTS * weight / total)))
    return tuple(repeated)
