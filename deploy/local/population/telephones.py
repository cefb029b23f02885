"""Telephone numbers that nobody has: Ofcom keeps these ranges free for drama, so no dialled number disturbs a person.

Source: Ofcom, "Telephone numbers for use in TV and radio drama programmes".
"""

NUMBERS_IN_A_RANGE = 1_000

MOBILE = "07700 900"
FREEPHONE = "08081 570"


def number(drama_range: str, position: int) -> str:
    """Return a number of a range, "0113 496 0" with 42 giving "0113 496 0042"; a thousand on it begins again."""
    return f"{drama_range}{position % NUMBERS_IN_A_RANGE:03d}"


class Numbering:
    """Gives each subscriber the next number of its range, so that few share one."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def next(self, drama_range: str) -> str:
        position = self._given.get(drama_range, 0)
        self._given[drama_range] = position + 1
        return number(drama_range, position)


MOBILES = tuple(number(MOBILE, position) for position in range(NUMBERS_IN_A_RANGE))
