"""What was carried off, in memory: rows by table in the order in which they were written, and statements in time."""

from __future__ import annotations

import sys
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from itertools import accumulate
from typing import Any

Transaction = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Written:
    """One change of one row, as the write-ahead log has it."""

    table: str
    kind: str
    transaction: Transaction
    values: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Said:
    """One statement with values, as the server's log has it.

    Of each value a 64-bit hash is kept, which shows what is equal as well: a day's values would not fit into memory.
    """

    at: datetime
    database: str
    statement: str
    hashes: Sequence[int]
    """Of all values of all parameters, in their order."""
    ends: Sequence[int]
    """Where each parameter's values end in `hashes`: one value, or those of an array."""
    sizes: Sequence[int]
    """How many bytes each parameter has."""

    @classmethod
    def of(cls, at: datetime, database: str, statement: str, parameters: Sequence[Sequence[bytes]]) -> Said:
        """Return a statement with these parameters' values."""
        hashes = array("q", (hash(value) for values in parameters for value in values))
        ends = _interned(tuple(accumulate(map(len, parameters))))
        sizes = array("q", (sum(map(len, values)) for values in parameters))
        return cls(at, database, sys.intern(statement), hashes, ends, sizes)

    @property
    def parameters(self) -> Iterator[Sequence[int]]:
        """The hashes of each parameter's values."""
        start = 0
        for end in self.ends:
            yield self.hashes[start:end]
            start = end


@cache
def _interned(ends: tuple[int, ...]) -> tuple[int, ...]:
    return ends


@dataclass
class Table:
    """Every version of every row that a table ever had."""

    columns: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    transactions: list[Transaction] = field(default_factory=list)
    clues: list[Any] | None = None
    """What its rows tell by themselves, once that is reckoned."""

    def __len__(self) -> int:
        return len(self.transactions)


@dataclass
class Haul:
    """All that a DBA has."""

    tables: dict[str, Table]
    said: Sequence[Said]

    @classmethod
    def of(cls, written: Iterable[Written], said: Sequence[Said]) -> Haul:
        """Return the haul with rows sorted into tables; rows that went are kept, as the log keeps them."""
        tables: dict[str, Table] = defaultdict(Table)
        for one in written:
            if one.kind == "DELETE":
                continue
            table = tables[one.table]
            for name, value in one.values.items():
                table.columns[name].append(value)
            table.transactions.append(one.transaction)
        return cls(dict(tables), sorted(said, key=lambda one: one.at))
