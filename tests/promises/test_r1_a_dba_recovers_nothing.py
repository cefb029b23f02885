"""R1: all databases, all write-ahead log and a day's statements give a DBA no name, date, postcode or equality."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from deploy.local.population.child import Child
from tests.promises.attacks import clues, people, product, solve, twins
from tests.promises.attacks.haul import Haul
from tests.promises.attacks.solve import FIELDS, Result, Truth
from tests.promises.attacks.tap import Tapped, tapped_postgres

POINT = 0.01
ALLOWED = 0.1 * POINT
LUCK = 1e-9
"""What is less likely than this, among some thousand attacks, is no luck."""
SUCCEEDS = 5 * POINT
RecordProperty = Callable[[str, object], None]


@dataclass(frozen=True)
class Size:
    """How many children there are, how many searches a day has, and how many children the DBA knows beforehand."""

    children: int
    searches: int
    known: int


SAMPLE = Size(2_000, 1_000, 250)
FULL = Size(200_000, 200_000, 1_000)


@pytest.fixture(params=["sample", pytest.param("full", marks=[pytest.mark.slow, pytest.mark.timeout(7_200)])])
def size(request: pytest.FixtureRequest, is_full: bool) -> Size:
    if request.param == "full" and not is_full:
        pytest.skip("200,000 children: `make promises` (CONTACTPOINT_FULL=1)")
    return SAMPLE if request.param == "sample" else FULL


@pytest.mark.promise("R1")
def test_of_the_product_nothing_is_recovered(tmp_path: Path, size: Size, record_property: RecordProperty) -> None:
    with tapped_postgres(tmp_path) as tapped, product.running_product(tapped) as suite:
        arriving = people.arriving(size.children)
        suite.load(people.population(size.children), arriving)
        tapped.begin_day()
        searched, opened = suite.search(people.searched(arriving, size.searches))
        tapped.end_day()
        suite.close_books()
        haul = tapped.haul(product.DIRECTORY, product.LEDGER)
    # The attack had what it is promised to have.
    assert len(haul.tables[product.RECORDS]) == len(haul.tables[product.KEY_ROWS]) // 2 == size.children
    assert opened > searched * 0.9
    assert sum("index_delta" in one.statement for one in haul.said) >= searched

    found = [
        *attacked(haul, product.RECORDS, "record_tag", suite.record_of, size),
        *attacked(haul, product.KEY_ROWS, "child_tag", suite.of_key_row, size),
        *attacked_deltas(haul, suite, size),
    ]
    record_property("figure", f"{size.children} children, {searched} searches, {opened} opened, {len(found)} attacks")
    record_property("figure", "; ".join(map(str, solve.best(found).values())))
    # The order of arrival is in the log for good: it must say nothing by itself, and that is the supplier's to see to.
    by_family = share_of_alike_neighbours(list(people.population(size.children)))
    as_sent = share_of_alike_neighbours(arriving)
    record_property("figure", f"neighbours of one surname: {as_sent:.2%} as sent, {by_family:.0%} if sent by family")
    assert [str(one) for one in found if is_a_leak(one, size)] == []


@pytest.mark.promise("R1")
def test_of_the_twin_with_keyed_hashes_everything_is_recovered(
    tmp_path: Path, size: Size, record_property: RecordProperty
) -> None:
    best = solve.best(attacked_twin(tmp_path, twins.HashesTwin, size))
    record_property("figure", f"twin with keyed hashes: {'; '.join(map(str, best.values()))}")
    assert best["surname"].gain > SUCCEEDS
    assert best["given names"].gain > SUCCEEDS
    assert best["date of birth"].gain > ALLOWED
    for field in FIELDS:
        assert best[f"equal {field}"].share > 0.99


@pytest.mark.promise("R1")
def test_of_the_twin_with_pages_as_rows_dates_are_recovered(
    tmp_path: Path, size: Size, record_property: RecordProperty
) -> None:
    best = solve.best(attacked_twin(tmp_path, twins.PagesTwin, size))
    record_property("figure", f"twin with pages as rows: {best['date of birth']}")
    assert best["date of birth"].attack.startswith("what reads address together")
    # A sample's reads leave most pages apart; at full size they hang together.
    assert best["date of birth"].gain > (SUCCEEDS if size is FULL else POINT)
    assert best["equal date of birth"].share > 0.99


def attacked(haul: Haul, table: str, key: str, whose: Callable[[bytes], Child | None], size: Size) -> list[Result]:
    """Return what every attack recovers of a table whose rows are children's."""
    return attacked_rows(haul, table, key, [whose(row) for row in haul.tables[table].columns[key]], size)


def attacked_deltas(haul: Haul, suite: product.Product, size: Size) -> list[Result]:
    """Return what every attack recovers of the log that feeds the index."""
    columns = haul.tables[product.DELTAS].columns
    rows = [(int(seq), sealed) for seq, sealed in zip(columns["seq"], columns["sealed"], strict=True)]
    return attacked_rows(haul, product.DELTAS, "seq", suite.of_deltas(rows), size)


def attacked_rows(haul: Haul, table: str, key: str, whose: Sequence[Child | None], size: Size) -> list[Result]:
    seen: set[bytes] = set()
    # A row has a version for each time it was written; a child is scored once.
    whose = [
        None if row in seen or seen.add(row) else one  # type: ignore[func-returns-value]
        for row, one in zip(haul.tables[table].columns[key], whose, strict=True)
    ]
    known_keys = {child.key for child in people.arriving(size.children)[: size.known]}
    truth = Truth.of(
        [None if one is None else people.values(one) for one in whose],
        [one is not None and one.key in known_keys for one in whose],
    )
    found = clues.clues_of(haul, table, key, floating_share=4 if size is SAMPLE else 8)
    return [*solve.results(found, truth), *solve.dated_by_reads(haul, table, truth)]


def attacked_twin(folder: Path, twin: Any, size: Size) -> list[Result]:
    arriving = people.arriving(size.children)
    with tapped_postgres(folder) as tapped:
        database = _database(tapped)
        with tapped.server.connect(database) as connection:
            made = twin(connection)
            tapped.keep_log(database)
            rows = made.load(arriving)
            tapped.begin_day()
            made.search(people.searched(arriving, size.searches))
            tapped.end_day()
        haul = tapped.haul(database)
    return attacked(haul, f"{database}.{twin.subject}", twin.key, rows.get, size)


def _database(tapped: Tapped) -> str:
    with tapped.server.connect() as connection:
        connection.execute("CREATE DATABASE twin")
    return "twin"


def is_a_leak(one: Result, size: Size) -> bool:
    """Whether an attack does better than the promise allows; for names luck is too small to matter at full size."""
    may_be_luck = size is SAMPLE or one.field.startswith("equal")
    return one.gain > ALLOWED and (one.luck < LUCK or not may_be_luck)


def share_of_alike_neighbours(children: Sequence[Child]) -> float:
    """Return what the mere order of arrival tells of equal surnames."""
    pairs = list(pairwise(children))
    return sum(one.name.surname == other.name.surname for one, other in pairs) / len(pairs)
