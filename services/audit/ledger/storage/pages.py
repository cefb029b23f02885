"""Reads a table of any length in pages, by its key: no cursor stays open, and memory holds one page."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import sqlalchemy as sa

AT_ONCE = 5000

Execute = Callable[[sa.Select[Any]], Sequence[Any]]


def pages(execute: Execute, key: sa.Column[Any], *others: sa.Column[Any], start: object = None) -> Iterator[Any]:
    """Yield rows of the key and other columns in the key's order, those with keys above `start` if that is given."""
    last = start
    while True:
        query = sa.select(key, *others).order_by(key).limit(AT_ONCE)
        rows = execute(query if last is None else query.where(key > last))
        yield from rows
        if len(rows) < AT_ONCE:
            return
        last = rows[-1][0]
