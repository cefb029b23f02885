"""SupplyRows: a batch whole or not at all, in the synthetic environment alone."""

from dataclasses import replace

import pytest

from services.directory.domain.names import ChildName
from services.directory.domain.statements import EducationState
from services.directory.domain.supplied import SuppliedChild
from services.directory.use_cases.supply_rows import SuppliedRows
from services.runtime.errors import DependencyUnavailable, InvalidRequest, NotPermitted
from tests.builders.directory import Person, Supplier, World, a_row, new_key

SUPPLIER = Supplier()


def rows(count: int) -> list[SuppliedChild]:
    return [a_row(name=ChildName.full("Lovelace", "Ada" + "abcdefghij"[n])) for n in range(count)]


def supply(world: World, batch: list[SuppliedChild], key: str = "") -> SuppliedRows:
    key = key or new_key()
    return world.as_(SUPPLIER, lambda caller: world.supply_rows(caller, idempotency_key=key, rows=batch), "SupplyRows")


def test_every_row_becomes_a_record(world: World, nurse: Person) -> None:
    assert supply(world, rows(3)).taken == 3
    assert len(world.records.rows) == 3
    names = {world.record(nurse, number).identity.name.given_names for number in world.records.rows}
    assert names == {"Adaa", "Adab", "Adac"}
    assert {len(row) for row in world.records.rows.values()} == {1_920}


def test_a_row_with_nothing_but_who_the_child_is(world: World, nurse: Person) -> None:
    bare = a_row(former_names=(), address=None, carers=(), school_urn="", gp_ods_code="", involvements=())
    supply(world, [bare, replace(bare, education_state=EducationState.HOME_EDUCATED)])
    one, other = (world.record(nurse, number) for number in sorted(world.records.rows))
    assert one.education is None
    assert other.education is not None
    assert other.education.state is EducationState.HOME_EDUCATED


def test_one_wrong_row_refuses_the_batch_before_anything_is_entered(world: World) -> None:
    batch = rows(4)
    batch[1] = replace(batch[1], school_urn="999999", involvements=())
    batch[2] = replace(batch[2], gp_ods_code="Z99999", education_state=EducationState.NOT_KNOWN)
    batch[3] = replace(batch[3], involvements=(replace(batch[3].involvements[0], provider_id=Person().organisation),))
    with pytest.raises(InvalidRequest) as refused:
        supply(world, batch)
    assert [where for where, _ in refused.value.field_violations] == [
        "children[1].school_urn",
        "children[2].education_state",
        "children[2].gp_ods_code",
        "children[3].involvements[0].provider_id",
    ]
    assert (world.records.rows, world.ledger.children) == ({}, {})


def test_a_retry_takes_nothing_twice(world: World) -> None:
    key, batch = new_key(), rows(2)
    world.ledger.fails_before_settling = 1
    with pytest.raises(DependencyUnavailable):
        supply(world, batch, key)
    one, other = supply(world, batch, key), supply(world, batch, key)
    assert one == other
    assert len(world.records.rows) == 2


def test_it_is_closed_where_children_are_real(world: World) -> None:
    closed = replace(world.supply_rows, is_open=False)
    with pytest.raises(NotPermitted):
        world.as_(SUPPLIER, lambda caller: closed(caller, idempotency_key=new_key(), rows=rows(1)), "SupplyRows")
    assert world.ledger.entries == []


def test_a_confirmation_from_the_future_counts_as_of_now(world: World, nurse: Person) -> None:
    row = a_row()
    (known,) = row.involvements
    assert known.last_confirmed_at is not None
    later = replace(known, last_confirmed_at=known.last_confirmed_at.replace(year=2050))
    supply(world, [replace(row, involvements=(later,))])
    (number,) = world.records.rows
    (shown,) = world.record(nurse, number).involvements
    assert shown.involvement.confirmed_at == world.clock.now()
