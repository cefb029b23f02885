"""After a gap: whoever the lost entries hid is hidden again, by what shielding holds."""

from __future__ import annotations

import pytest

from services.audit.ledger.domain.entry import ChildLimited
from services.audit.ledger.errors import NoGapOpen
from services.audit.ledger.use_cases.reenter_shields import HiddenChild, ReenterShields
from tests.support.lost_tail import World
from tests.unit.audit_ledger.conftest import entries_of


def test_a_shield_of_the_tail_is_closed_once_it_is_entered_again(world: World) -> None:
    world.hide()
    world.accepted()
    assert world.is_open(world.open)
    assert not world.is_open(world.hidden)
    (entry,) = (one for one in entries_of(world.ledger) if one.draft.act == "gap.shields_reentered")
    assert len(entry.subjects) == 1
    assert not any(isinstance(one.draft.effect, ChildLimited) for one in entries_of(world.ledger))


def test_what_two_closed_is_closed_by_two(world: World) -> None:
    world.hide()
    second = world.ledger.somebody("ROLE_SHIELD_OFFICER")
    world.lost.closed[world.hidden] = (world.officer.person, second.person)
    world.gap_open()
    assert world.lost.reenter_shields().closed == 1
    assert world.lost.reenter_shields().closed == 0
    one = HiddenChild(number=world.hidden, closed_by=(world.officer.person,))
    # Never less closed than before.
    assert ReenterShields(writer=world.ledger.writer)([one], newest=world.lost.newest, is_complete=True).closed == 0


def test_a_step_under_way_names_its_child_by_an_old_handle(world: World) -> None:
    handle = world.ledger.look(world.nurse, number=world.hidden).handle
    world.gap_open()
    world.ledger.clock.move(86_400)
    one = HiddenChild(handle=handle, closed_by=(world.officer.person,))
    found = ReenterShields(writer=world.ledger.writer)([one], newest=world.lost.newest, is_complete=False)
    assert (found.closed, found.unknown) == (1, 0)


def test_a_child_of_the_tail_is_unknown(world: World) -> None:
    number = world.ledger.create(world.nurse).number
    world.lost.closed[number] = (world.officer.person,)
    world.gap_open()
    found = world.lost.reenter_shields()
    assert (found.closed, found.unknown) == (0, 1)
    assert world.lost.reenter_shields().unknown == 1
    # Not even its name is found by less than the whole of it.
    tenure = world.ledger.writer._tenure
    assert tenure is not None
    assert number in tenure.registers.limited


def test_without_a_gap_nothing_is_entered_again(world: World) -> None:
    with pytest.raises(NoGapOpen):
        world.lost.reenter_shields()
