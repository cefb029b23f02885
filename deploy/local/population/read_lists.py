"""The tables of `lists/`: tab-separated, with their columns' names in the first line."""

import csv
from collections.abc import Iterator
from pathlib import Path

LISTS = Path(__file__).parent / "lists"


def rows_of(list_name: str) -> Iterator[dict[str, str]]:
    """Yield the rows of one of `lists/*.tsv` by column name."""
    with (LISTS / f"{list_name}.tsv").open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def words_for(use: str) -> tuple[str, ...]:
    """Return the words of `lists/words.tsv` for one use, in their order."""
    return tuple(row["word"] for row in rows_of("words") if row["use"] == use)
