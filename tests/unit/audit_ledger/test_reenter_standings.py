"""After a gap: what the lost entries took from somebody stays taken, by what identity holds."""

from __future__ import annotations

import pytest

from services.audit.ledger.domain.entry import StandingChanged
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.errors import NoGapOpen, OlderThanGap
from services.runtime import errors
from services.runtime.errors import NotPermitted
from tests.support.lost_tail import TOKENS_ARE_OVER, LostTail, World
from tests.unit.audit_ledger.conftest import entries_of


def test_a_standing_of_the_tail_is_the_newest_again(world: World) -> None:
    old = world.ledger.standings[("person", world.nurse.person)]
    new = world.ledger.digest("person", world.nurse.person, revision=2)
    change = ChangeStanding(
        party_kind="person",
        party_id=world.nurse.person,
        previous_digest=old,
        digest=new,
        change="SUSPENDED",
        ends_sessions=True,
    )
    world.ledger.enter(world.ledger.founder(), change, method="identity:AdministrationService/SuspendPerson")
    world.gap_open()
    assert world.lost.reenter_standings() == 1
    changed = [one.draft.effect for one in entries_of(world.ledger) if isinstance(one.draft.effect, StandingChanged)]
    assert changed[-1].digest == new
    world.ledger.standings[("person", world.nurse.person)] = old
    with pytest.raises(errors.StandingChanged):
        world.lost.signed_in(world.nurse)


def test_whoever_comes_from_identitys_database_alone_does_not_accept(world: World) -> None:
    ghost = world.custodians[0]
    world.gap_open()
    world.ledger.digest("person", ghost.person, revision=2)
    world.lost.reenter_shields()
    name = world.lost.name()
    assert world.lost.reenter_standings() == 1
    # The name says whose standings they are.
    assert world.lost.name() != name
    world.ledger.clock.move(TOKENS_ARE_OVER)
    with pytest.raises(NotPermitted):
        world.lost.accept(world.lost.signed_in(ghost))


def test_a_second_gap_does_not_make_it_a_custodian(world: World) -> None:
    ghost = world.custodians[0]
    world.gap_open()
    world.ledger.digest("person", ghost.person, revision=2)
    assert world.lost.reenter_standings() == 1
    world.lost = LostTail.of(world.ledger, world.lost.folder)
    world.gap_open()
    # The log has it by now: nothing is news any more.
    assert world.lost.reenter_standings() == 0
    world.lost.reenter_shields()
    world.ledger.clock.move(TOKENS_ARE_OVER)
    with pytest.raises(NotPermitted):
        world.lost.accept(world.lost.signed_in(ghost))


def test_an_identity_that_is_older_than_the_gap_changes_nothing(world: World) -> None:
    world.gap_open()
    world.ledger.digest("person", world.nurse.person, revision=0)
    with pytest.raises(OlderThanGap):
        world.lost.reenter_standings(newest=world.before - 1)


def test_without_a_gap_nothing_is_entered_again(world: World) -> None:
    with pytest.raises(NoGapOpen):
        world.lost.reenter_standings()
