"""CountOwnChildren: what the list has on all its pages, without a child and without an entry."""

from tests.builders.directory import Person, World
from tests.unit.directory.test_list_own_children import DAY, a_named, listed


def test_it_counts_what_is_listed(world: World, nurse: Person) -> None:
    for name in ("Ada", "Bea"):
        world.started(nurse, a_named(world, name))
        world.clock.move(340 * DAY)
    count = world.as_(nurse, world.count_own_children, "CountOwnChildren")
    assert (count.total, count.due) == (2, 2)
    assert count == listed(world, nurse).count


def test_it_leaves_no_entry(world: World, nurse: Person) -> None:
    before = len(world.ledger.entries)
    count = world.as_(nurse, world.count_own_children, "CountOwnChildren")
    assert (count.total, count.due, count.oldest_confirmed_at) == (0, 0, None)
    assert len(world.ledger.entries) == before
