"""ListOwnChildren: the ledger says whose they are, the index what they are called, and what is due comes first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName
from services.directory.domain.record import due_before, is_unconfirmed
from services.directory.use_cases.list_own_children import OwnChildPage
from services.runtime.errors import DependencyUnavailable
from tests.builders.directory import BORN, Person, World, a_child, new_key

DAY = 24 * 3600.0


def listed(world: World, who: Person, page_token: bytes = b"") -> OwnChildPage:
    return world.as_(who, lambda caller: world.list_own_children(caller, page_token=page_token), "ListOwnChildren")


def called(page: OwnChildPage) -> list[str]:
    return [entry.name.given_names for _, entry in page.rows]


def a_named(world: World, given_names: str, born: DateOfBirth = BORN) -> int:
    child = a_child(name=ChildName.full("Lovelace", given_names), date_of_birth=born)
    return world.created(Person(), child).number


def test_what_is_due_comes_first_with_just_enough_of_each(world: World, nurse: Person) -> None:
    for name in ("Ada", "Bea", "Cleo"):
        world.started(nurse, a_named(world, name))
        world.clock.move(10 * DAY)
    page = listed(world, nurse)
    assert called(page) == ["Ada", "Bea", "Cleo"]
    assert [one.is_due for one, _ in page.rows] == [False, False, False]
    world.clock.move(305 * DAY)
    page = listed(world, nurse)
    assert [one.is_due for one, _ in page.rows] == [True, False, False]
    assert (page.count.total, page.count.due) == (3, 1)
    first, entry = page.rows[0]
    assert (entry.date_of_birth, page.count.oldest_confirmed_at) == (BORN, first.last_confirmed_at)
    assert world.ledger.handles[first.handle] == (str(nurse.session), entry.number)


def test_confirming_and_ending_it_from_the_list(world: World, nurse: Person) -> None:
    for name in ("Ada", "Bea"):
        world.started(nurse, a_named(world, name))
        world.clock.move(DAY)
    ada, bea = (one for one, _ in listed(world, nurse).rows)
    world.as_(
        nurse,
        lambda caller: world.confirm_involvement(
            caller, idempotency_key=new_key(), handle=ada.handle, involvement_id=ada.involvement_id
        ),
        "ConfirmInvolvement",
    )
    assert called(listed(world, nurse)) == ["Bea", "Ada"]
    world.as_(
        nurse,
        lambda caller: world.end_involvement(
            caller, idempotency_key=new_key(), handle=bea.handle, involvement_id=bea.involvement_id
        ),
        "EndInvolvement",
    )
    assert called(listed(world, nurse)) == ["Ada"]


def test_a_limited_child_is_not_there(world: World, nurse: Person) -> None:
    number = a_named(world, "Ada")
    world.started(nurse, number)
    world.ledger.limit(number)
    page = listed(world, nurse)
    assert (page.rows, page.count.total) == ((), 0)


def test_pages_of_twenty(world: World, nurse: Person) -> None:
    for place in range(23):
        world.started(
            nurse,
            a_named(
                world,
                "Ada" + "abcdefghijklmnopqrstuvwxyz"[place],
                DateOfBirth(2010 + place % 12, 1 + place % 12, 1 + place),
            ),
        )
    first = listed(world, nurse)
    second = listed(world, nurse, first.next_page_token)
    assert (len(first.rows), len(second.rows), second.next_page_token) == (20, 3, b"")
    assert len({*called(first), *called(second)}) == 23


def test_without_an_entry_nothing_is_shown(world: World, nurse: Person) -> None:
    world.started(nurse, a_named(world, "Ada"))
    world.ledger.is_down = True
    with pytest.raises(DependencyUnavailable):
        listed(world, nurse)


def test_the_record_says_which_involvement_is_mine(world: World, nurse: Person) -> None:
    number, colleague = a_named(world, "Ada"), Person(organisation=nurse.organisation)
    mine, theirs = world.started(nurse, number), world.started(colleague, number)
    seen = {one.involvement.involvement_id: one for one in world.record(nurse, number).involvements}
    assert (seen[mine.involvement_id].is_mine, seen[theirs.involvement_id].is_mine) == (True, False)
    assert all(one.is_own for one in seen.values())


@given(st.dates(date(2020, 1, 1), date(2099, 12, 31)), st.integers(0, 800))
def test_due_is_what_will_not_have_been_confirmed_for_twelve_months_in_thirty_days(today: date, ago: int) -> None:
    now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
    confirmed = now - timedelta(days=ago)
    assert (confirmed < due_before(now)) == is_unconfirmed(confirmed, now + timedelta(days=30))
