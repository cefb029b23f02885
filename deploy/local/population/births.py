"""When the children of a family were born, and what was written down of it."""
# ruff: noqa: PLR2004
# Frequencies are said where they are used: each stands once, and its line says of what.

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from deploy.local.population.child import Gender, Precision
from deploy.local.population.draw import Draw, pool

AGE_AT_WHICH_CHILDHOOD_ENDS = 18

# Families by number of children, so that about one child in four is an only child.
CHILDREN_OF_A_FAMILY = pool((1, 2, 3, 4, 5, 6), (45, 38, 12, 3.5, 1, 0.5))

GENDERS = pool((Gender.FEMALE, Gender.MALE), (488, 512))


@dataclass(frozen=True, slots=True)
class Birth:
    """One child of a family before it has a name."""

    born: date
    gender: Gender
    is_second_twin: bool


class Births:
    """Draws births so that every age from 0 to 17 is equally frequent on the day."""

    def __init__(self, draw: Draw, today: date) -> None:
        self._draw = draw
        self._today = today.toordinal()
        self._childhood_begins = earliest_birth_of_a_child(today).toordinal()

    def of_a_family(self) -> Iterator[Birth]:
        """Yield a family's children, twins side by side."""
        draw, span = self._draw, self._today - self._childhood_begins + 1
        born = self._childhood_begins + int(draw.fraction() * span)
        gender = draw.of(GENDERS)
        yield Birth(date.fromordinal(born), gender, is_second_twin=False)
        for _ in range(draw.of(CHILDREN_OF_A_FAMILY) - 1):
            if draw.chance(0.035):
                # A third of twins are identical, so two in three have the same gender.
                gender = gender if draw.chance(0.34) else draw.of(GENDERS)
                yield Birth(date.fromordinal(born), gender, is_second_twin=True)
                continue
            gender = draw.of(GENDERS)
            # Whoever would be born after today is the eldest instead.
            born = self._childhood_begins + (born - self._childhood_begins + draw.between(330, 1_430)) % span
            yield Birth(date.fromordinal(born), gender, is_second_twin=False)

    def as_recorded(self, born: date, estimated_births: float) -> tuple[date, Precision]:
        """Return the date as somebody wrote it down: 1 January where only the year is known."""
        draw = self._draw
        if not draw.chance(estimated_births):
            return born, Precision.DAY
        fraction = draw.fraction()
        if fraction < 0.15:
            estimate, precision = born.replace(day=1), Precision.MONTH
        else:
            estimate, precision = date(born.year, 1, 1), Precision.DAY if fraction < 0.4 else Precision.YEAR
        # An estimate must not make a child of 17 an adult.
        return (estimate, precision) if estimate.toordinal() >= self._childhood_begins else (born, Precision.DAY)


def earliest_birth_of_a_child(today: date) -> date:
    """Return the earliest date of birth of a person who is under 18 on the day.

    Who was born on 29 February comes of age on 1 March where the year has no such day.
    """
    year = today.year - AGE_AT_WHICH_CHILDHOOD_ENDS
    if (today.month, today.day) == (2, 29):
        return date(year, 3, 1)
    return date.fromordinal(today.replace(year=year).toordinal() + 1)
