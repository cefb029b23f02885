"""Everything in a haul by which rows could be told to be alike: values, bytes, sizes, order, transactions, reads.

Nothing here knows which product it looks at. A clue gives each row a class; rows of one class are thought to share
something. What a class is worth, `solve.py` says.
"""

from __future__ import annotations

import zlib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.promises.attacks.haul import Haul, Said, Table

Classes = npt.NDArray[np.int64]
NONE = -1
"""The class of rows of which a clue says nothing."""

_WINDOW = 8
_MOST_WINDOWS = 24
_FEW = 16
_BACK = 24
_AGO = 3
_MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True)
class Clue:
    """A name, and for each row its class."""

    name: str
    classes: Classes

    @property
    def tells(self) -> bool:
        """Whether there are at least two classes, and some class has two rows."""
        known = self.classes[self.classes != NONE]
        if len(known) < 2:
            return False
        counts = np.unique(known, return_counts=True)[1]
        return len(counts) > 1 and int(counts.max()) > 1


def clues_of(haul: Haul, subject: str, key: str, *, floating_share: int) -> Iterator[Clue]:
    """Yield every clue about the rows of one table, whose column `key` names each row.

    One in `floating_share` of all strings of eight bytes is looked for wherever it stands.
    """

    def clues_in(name: str) -> list[Clue]:
        table = haul.tables[name]
        if table.clues is None:
            table.clues = [clue for clue in _of_rows(name, table, floating_share) if clue.tells]
        return table.clues

    table = haul.tables[subject]
    yield from clues_in(subject)
    yield from _of_transactions(subject, table)
    for name, other in haul.tables.items():
        if name == subject:
            continue
        for way, link in _links(table, key, other):
            yield _moved(Clue(f"rows of {name}, {way}", _counts(other)), link)
            for clue in clues_in(name):
                yield _moved(Clue(f"{clue.name}, {way}", clue.classes), link)
    yield from _of_reads(haul.said, table.columns[key])


def coded(values: Iterable[object]) -> Classes:
    """Return a class for each value, in order of first appearance; None has none."""
    codes: dict[object, int] = {}
    return np.fromiter(
        (NONE if value is None else codes.setdefault(value, len(codes)) for value in values), dtype=np.int64
    )


def links_by_transaction(table: Table, other: Table) -> Classes:
    """Return for each row of `table` the row of `other` that stands in the same transaction at the same share of it."""
    spans = _spans(other)
    link = np.full(len(table), NONE, dtype=np.int64)
    for transaction, (start, count) in _spans(table).items():
        if transaction in spans:
            other_start, other_count = spans[transaction]
            link[start : start + count] = other_start + np.arange(count) * other_count // count
    return link


# --- rows by themselves -----------------------------------------------------------------------------------------------


def _of_rows(name: str, table: Table, floating_share: int) -> Iterator[Clue]:
    for column, values in table.columns.items():
        place = f"{name}.{column}"
        lengths = np.fromiter((len(value) for value in values), dtype=np.int64, count=len(values))
        yield Clue(f"length of {place}", lengths)
        yield Clue(f"value of {place}", coded(values))
        if not len(lengths) or int(lengths.min()) < _WINDOW:
            continue
        yield Clue(f"zlib size of {place}", _quantiles([len(zlib.compress(value, 1)) for value in values]))
        yield Clue(f"bits set in {place}", _quantiles([int.from_bytes(value).bit_count() for value in values]))
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            if len(rows) > _FEW:
                matrix = np.frombuffer(b"".join(values[row] for row in rows), dtype=np.uint8).reshape(len(rows), -1)
                yield from _spread(_windows(place, matrix, floating_share), rows, len(values))


def _windows(place: str, matrix: npt.NDArray[np.uint8], floating_share: int) -> Iterator[Clue]:
    """Yield classes by strings of eight bytes that several rows share: at one place in each, and anywhere."""
    found: list[tuple[int, int, Classes]] = []
    for offset in range(matrix.shape[1] - _WINDOW + 1):
        words = np.ascontiguousarray(matrix[:, offset : offset + _WINDOW]).view(np.uint64).ravel()
        ordered = np.sort(words)
        repeats = int(np.count_nonzero(ordered[1:] == ordered[:-1]))
        if repeats:
            found.append((repeats, offset, _repeated(words)))
    for _, offset, classes in sorted(found, key=lambda one: -one[0])[:_MOST_WINDOWS]:
        yield Clue(f"bytes {offset}-{offset + _WINDOW} of {place}", classes)
    yield Clue(f"bytes anywhere in {place}", _floating(matrix, floating_share))


def _repeated(words: npt.NDArray[np.uint64]) -> Classes:
    _, inverse, counts = np.unique(words, return_inverse=True, return_counts=True)
    return np.where(counts[inverse] > 1, inverse, NONE).astype(np.int64)


def _floating(matrix: npt.NDArray[np.uint8], share: int) -> Classes:
    rows, width = matrix.shape
    words: list[npt.NDArray[np.uint64]] = []
    owners: list[npt.NDArray[np.int64]] = []
    at_once = max(1, 4_000_000 // width)
    for start in range(0, rows, at_once):
        part = matrix[start : start + at_once]
        views = np.ascontiguousarray(np.lib.stride_tricks.sliding_window_view(part, _WINDOW, axis=1))
        flat = views.view(np.uint64)[..., 0]
        chosen = (flat * _MULTIPLIER >> np.uint64(40)) % np.uint64(share) == 0
        words.append(flat[chosen])
        owners.append(np.nonzero(chosen)[0] + start)
    word, owner = np.concatenate(words), np.concatenate(owners)
    order = np.argsort(word, kind="stable")
    word, owner = word[order], owner[order]
    classes = np.full(rows, NONE, dtype=np.int64)
    best = np.zeros(rows, dtype=np.int64)
    edges = np.flatnonzero(np.diff(word, prepend=word[:1] + np.uint64(1)) != 0) if len(word) else np.empty(0, np.int64)
    ends = np.append(edges[1:], len(word))
    for at in np.flatnonzero(ends - edges > 1):
        members = np.unique(owner[edges[at] : ends[at]])
        if 1 < len(members) < rows // 2:
            better = members[best[members] < len(members)]
            best[better], classes[better] = len(members), at
    return classes


def _spread(clues: Iterable[Clue], rows: Classes, size: int) -> Iterator[Clue]:
    for clue in clues:
        classes = np.full(size, NONE, dtype=np.int64)
        classes[rows] = clue.classes
        yield Clue(clue.name, classes)


def _quantiles(values: Sequence[int]) -> Classes:
    ordered = np.asarray(values, dtype=np.int64)
    edges = np.unique(np.quantile(ordered, np.linspace(0, 1, _FEW + 1)[1:-1]))
    return np.searchsorted(edges, ordered).astype(np.int64)


# --- order and transactions -------------------------------------------------------------------------------------------


def _of_transactions(subject: str, table: Table) -> Iterator[Clue]:
    yield Clue(f"transaction of {subject}", coded(table.transactions))
    yield Clue(f"rows of {subject} in a transaction", _counts(table))
    yield Clue(f"neighbours in {subject}", np.arange(len(table), dtype=np.int64) // 2)
    yield Clue(f"month of arrival in {subject}", np.arange(len(table), dtype=np.int64) * 200 // max(len(table), 1))


def _links(table: Table, key: str, other: Table) -> Iterator[tuple[str, Classes]]:
    link = links_by_transaction(table, other)
    if np.any(link != NONE):
        yield "by transaction and order", link
    if len(other) >= len(table) // 2:
        yield "by order of arrival", np.arange(len(table), dtype=np.int64) * len(other) // max(len(table), 1)
    wanted = {value: row for row, value in enumerate(table.columns[key])}
    for column, values in other.columns.items():
        equal = np.full(len(table), NONE, dtype=np.int64)
        for row, value in enumerate(values):
            if (mine := wanted.get(value)) is not None:
                equal[mine] = row
        if np.any(equal != NONE):
            yield f"by equal {column}", equal


def _moved(clue: Clue, link: Classes) -> Clue:
    return Clue(clue.name, np.where(link == NONE, NONE, clue.classes[link]))


def _spans(table: Table) -> dict[object, tuple[int, int]]:
    spans: dict[object, tuple[int, int]] = {}
    for row, transaction in enumerate(table.transactions):
        start, count = spans.get(transaction, (row, 0))
        spans[transaction] = (start, count + 1)
    return spans


def _counts(table: Table) -> Classes:
    spans = _spans(table)
    return np.fromiter((spans[one][1] for one in table.transactions), dtype=np.int64, count=len(table))


# --- reads ------------------------------------------------------------------------------------------------------------


def _of_reads(said: Sequence[Said], keys: Sequence[bytes]) -> Iterator[Clue]:
    """Yield what was addressed by the statements just before a row was read: the search that led to it."""
    row_of = {hash(key): row for row, key in enumerate(keys)}
    marks: dict[str, Classes] = {}
    before: deque[list[tuple[str, int]]] = deque(maxlen=_BACK)
    names = _Names()
    for one in said:
        for row in [row_of.pop(value) for value in {*one.hashes} if value in row_of]:
            # Several people search at once: the search that led here is the last of its kind, or one of those before.
            back: Counter[str] = Counter()
            for name, mark in (found for marked in reversed(before) for found in marked):
                back[name] += 1
                if back[name] <= _AGO:
                    place = names.ago[name, back[name]]
                    if place not in marks:
                        marks[place] = np.full(len(keys), NONE, dtype=np.int64)
                    marks[place][row] = mark
        before.append(_marks(one, names))
    for name, classes in marks.items():
        yield Clue(f"read after {name}", classes)


class _Names(dict[tuple[str, int], tuple[str, ...]]):
    """What the marks of a statement's parameters are called."""

    def __init__(self) -> None:
        super().__init__()
        self.ago = _Ago()

    def __missing__(self, key: tuple[str, int]) -> tuple[str, ...]:
        name = f"{' '.join(key[0].split())[:70]} ${key[1] + 1}"
        self[key] = (name, f"{name}, how many", f"{name}, how long")
        return self[key]


class _Ago(dict[tuple[str, int], str]):
    """What a mark is called that many statements of its kind ago."""

    def __missing__(self, key: tuple[str, int]) -> str:
        self[key] = key[0] if key[1] == 1 else f"{key[0]}, {key[1]} ago"
        return self[key]


def _marks(one: Said, names: _Names) -> list[tuple[str, int]]:
    found = []
    for place, values in enumerate(one.parameters):
        value, count, length = names[one.statement, place]
        # A hash is enough: what matters is whether two are equal.
        found += [(value, hash(tuple(sorted(values)))), (count, len(values)), (length, one.sizes[place])]
    return found
