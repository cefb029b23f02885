"""What was carried off, in memory: rows by table in the order in which they were written, and statements in time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
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
    """One statement as the server's log has it."""

    at: datetime
    database: str
    session: int
    virtual: str
    statement: str
    values: tuple[tuple[bytes, ...], ...]
    """Each parameter's values: one, or those of an array; of a long one its SHA-256, which shows equality as well."""
    sizes: tuple[int, ...]
    """How many bytes each parameter has."""


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
