"""Finding children by number alone: whatever changed since, and whatever else a page holds."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.directory.domain.dates import DateOfBirth
from services.directory.index.changes import Added, Removed
from services.directory.index.memory import Index
from tests.builders.directory_entries import BORN, KEY, an_entry

# Two numbers in three differ in their high bits alone.
NUMBERS = st.integers(0, 40).map(lambda n: 1_000_000_000 + n // 3 + (n % 3 << 32))


@given(st.lists(st.tuples(NUMBERS, st.integers(0, 5)), unique_by=lambda one: one[0], max_size=30), st.data())
def test_every_child_is_found_on_whatever_page(children: list[tuple[int, int]], data: st.DataObject) -> None:
    index = Index(KEY)
    entries = {}
    for number, days in children:
        born = BORN.known_day
        assert born is not None
        day = born + timedelta(days=days)
        entries[number] = an_entry("Lovelace", "Ada", number=number, born=DateOfBirth(day.year, day.month, day.day))
    index.apply(Added(entry) for entry in entries.values())
    assert index.current_of(entries.keys() | {1_234_567_890}) == entries
    gone = data.draw(st.lists(st.sampled_from(sorted(entries)), unique=True)) if entries else []
    index.apply(Removed(entries.pop(number)) for number in gone)
    assert index.current_of([*entries, *gone]) == entries


def test_a_former_name_is_not_what_a_child_is_called() -> None:
    index = Index(KEY)
    index.prepare()
    former, current = an_entry("King", "Ada", is_former=True), an_entry("Lovelace", "Ada")
    index.apply([Added(former), Added(current)])
    assert index.current_of([current.number]) == {current.number: current}
