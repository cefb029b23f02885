"""Bank holidays of England and Wales: a small table that ends, and says so.

Source: https://www.gov.uk/bank-holidays (England and Wales), as laid down by the Banking and Financial Dealings Act
1971, schedule 1, with its substitute days. A test computes them anew, and another fails 90 days before the table ends.
A day that is proclaimed specially (a coronation, a funeral of state) is added here when it is.
"""

from __future__ import annotations

from datetime import date

_TABLE = {
    2026: ((1, 1), (4, 3), (4, 6), (5, 4), (5, 25), (8, 31), (12, 25), (12, 28)),
    2027: ((1, 1), (3, 26), (3, 29), (5, 3), (5, 31), (8, 30), (12, 27), (12, 28)),
    2028: ((1, 3), (4, 14), (4, 17), (5, 1), (5, 29), (8, 28), (12, 25), (12, 26)),
}
DAYS = frozenset(date(year, month, day) for year, days in _TABLE.items() for month, day in days)
FIRST = date(min(_TABLE), 1, 1)
LAST = date(max(_TABLE), 12, 31)
"""The table knows nothing of the days after this one."""


def are_known(day: date) -> bool:
    """Whether the table covers this day."""
    return FIRST <= day <= LAST
