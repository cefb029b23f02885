"""On which page a child stands, by number: for lists of children that somebody knows already."""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping

from services.directory.index.pages import RECORD, Page

_LOW_BYTES = 4
_LOW = (1 << 8 * _LOW_BYTES) - 1
_NUMBER = 5


class PagesByNumber:
    """The low four bytes of each page's numbers, sorted: four bytes an entry, made anew when a page is replaced."""

    def __init__(self) -> None:
        self._lows: dict[int, tuple[bytes, array[int]]] = {}

    def places(self, pages: Mapping[int, Page], numbers: Collection[int]) -> Iterator[tuple[int, int]]:
        """Yield (page's key, number) where a page may hold a number: nearly always it does."""
        wanted = [(number & _LOW, number) for number in numbers]
        for key, page in list(pages.items()):
            lows = self._lows_of(key, page)
            size = len(lows)
            for low, number in wanted:
                at = bisect_left(lows, low)
                if at < size and lows[at] == low:
                    yield key, number

    def prepare(self, pages: Mapping[int, Page]) -> None:
        """Make everything now, so that nobody's first list waits for it."""
        for key, page in list(pages.items()):
            self._lows_of(key, page)

    def _lows_of(self, key: int, page: Page) -> array[int]:
        held = self._lows.get(key)
        if held is None or held[0] is not page.records:
            # Readers take no lock: two that make the same at once make it alike.
            held = (page.records, _sorted_lows(page.records))
            self._lows[key] = held
        return held[1]


def _sorted_lows(records: bytes) -> array[int]:
    """Return the low four bytes of the records' numbers, which begin them, in order."""
    columns = bytearray(len(records) // RECORD * _LOW_BYTES)
    for place in range(_LOW_BYTES):
        columns[place::_LOW_BYTES] = records[_NUMBER - 1 - place :: RECORD]
    lows = array("I", bytes(columns))
    if sys.byteorder == "big":
        lows.byteswap()
    return array("I", sorted(lows))
