"""The naming traditions of England's children, read from lists that this project compiled itself."""

from dataclasses import dataclass
from functools import cache

from deploy.local.population.child import Gender
from deploy.local.population.draw import Draw, pool
from deploy.local.population.read_lists import rows_of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tradition:
    """Where a family's names come from; the pools hold each name as often as it is borne."""

    name: str
    share: int
    """Children of this tradition in 10,000."""
    custom: str
    """How names pass from parents to children: a key of `customs.CUSTOMS`."""
    english_forenames: float
    """The share of its children who bear an English forename."""
    estimated_births: float
    """The share of its children whose date of birth is an estimate."""
    girls_endings: tuple[tuple[str, str], ...]
    """Endings that a daughter's surname changes, the first that fits."""
    girls: tuple[str, ...]
    boys: tuple[str, ...]
    surnames: tuple[str, ...]

    def forename(self, gender: Gender, draw: Draw) -> str:
        return draw.of(self.forenames(gender))

    def forenames(self, gender: Gender) -> tuple[str, ...]:
        return self.girls if gender is Gender.FEMALE else self.boys


@cache
def read_traditions() -> tuple[Tradition, ...]:
    """Return the traditions of `lists/traditions.tsv`, in its order: the English one first."""
    names: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows_of("forenames"):
        names.setdefault((row["tradition"], row["gender"]), {})[row["name"]] = int(row["weight"])
    for row in rows_of("surnames"):
        names.setdefault((row["tradition"], "surname"), {})[row["name"]] = int(row["weight"])

    def weighted(tradition: str, column: str) -> tuple[str, ...]:
        weights = names[tradition, column]
        return pool(tuple(weights), tuple(weights.values()))

    return tuple(
        Tradition(
            name=(name := row["tradition"]),
            share=int(row["share"]),
            custom=row["custom"],
            english_forenames=int(row["english_forenames"]) / 100,
            estimated_births=int(row["estimated_births"]) / 1_000,
            girls_endings=_endings(row["girls_endings"]),
            girls=weighted(name, "F"),
            boys=weighted(name, "M"),
            surnames=weighted(name, "surname"),
        )
        for row in rows_of("traditions")
    )


def _endings(column: str) -> tuple[tuple[str, str], ...]:
    pairs = (pair.partition(":") for pair in column.split(",") if pair)
    return tuple((ending, girls_ending) for ending, _, girls_ending in pairs)
