"""While a gap is open nothing opens; two custodians accept it; what the lost entries knew does not open again."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import pytest

from services.audit.ledger.domain.act import ActState
from services.audit.ledger.domain.entry import Section
from services.audit.ledger.domain.gap import MOST_ROWS
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.effects.note import Note
from services.audit.ledger.errors import GapNotReady, NotThisGap
from services.audit.ledger.use_cases.get_checkpoint import GetCheckpoint
from services.audit.ledger.use_cases.list_ended_acts import ListEndedActs
from services.audit.ledger.use_cases.list_unsettled_acts import ListUnsettledActs
from services.audit.ledger.use_cases.open_index_key import OpenIndexKey
from services.runtime.errors import CeilingReached, LedgerGapOpen, NotAuthenticated, NotPermitted
from tests.fakes.audit_ledger import candidate
from tests.support.lost_tail import TOKENS_ARE_OVER, LostTail, World, kept_of

# --- while it is open ---


def closed_ways(world: World) -> dict[str, Callable[[], object]]:
    """Return what nobody is given while a gap is open."""
    ledger, nurse, system = world.ledger, world.lost.signed_in(world.nurse), str(uuid.uuid4())
    ledger.digest("system", system)
    change = ChangeStanding(
        party_kind="person",
        party_id=str(uuid.uuid4()),
        previous_digest=b"",
        digest=b"d" * 32,
        change="ADDED",
        ends_sessions=False,
    )
    return {
        "search": lambda: ledger.search(nurse, [candidate(world.open)]),
        "look": lambda: ledger.look(nurse, number=world.open, has_whole_name=True),
        "own": lambda: ledger.list_own(nurse),
        "count": lambda: ledger.count_own(nurse),
        "close": lambda: ledger.close(world.lost.signed_in(world.officer), number=world.open),
        "note": lambda: ledger.enter(
            nurse, Note(handle=b"", number=0), method="shielding:ShieldingService/ListShieldCases"
        ),
        "standing": lambda: ledger.enter(
            world.ledger.founder(), change, method="identity:AdministrationService/AddPerson"
        ),
        "index key": OpenIndexKey(writer=ledger.writer),
        "ended acts": lambda: ListEndedActs(writer=ledger.writer, log=ledger.log)(0),
        "supply": lambda: ledger.supply(1, system=system),
    }


def test_nothing_is_disclosed_or_admitted_while_it_is_open(world: World) -> None:
    world.hide()
    world.gap_open()
    for name, ask in closed_ways(world).items():
        size = world.ledger.writer.size
        with pytest.raises(LedgerGapOpen):
            ask()
        # Those two sign in first.
        assert name in ("standing", "close") or world.ledger.writer.size == size
    assert ListUnsettledActs(writer=world.ledger.writer)() == ()


def test_sessions_of_before_are_over(world: World) -> None:
    world.accepted()
    with pytest.raises(NotAuthenticated):
        world.ledger.search(world.officer, [candidate(world.open)])


def test_an_act_that_the_log_knows_is_settled(world: World) -> None:
    handle = world.ledger.look(world.nurse, number=world.open).handle
    pending = world.ledger.write(world.nurse, handle).act_id
    world.lost = LostTail.of(world.ledger, world.lost.folder)
    world.ledger.settle(pending)
    world.gap_open()
    assert world.ledger.settle(pending).state is ActState.DONE


# --- what the tail knew ---


def test_a_version_is_not_given_out_again(world: World) -> None:
    handle = world.ledger.look(world.nurse, number=world.rewritten).handle
    lost = world.ledger.write(world.nurse, handle)
    world.ledger.settle(lost.act_id)
    world.accepted()
    again = world.ledger.write(world.nurse, world.finds(world.rewritten))
    (old,), (new,) = lost.pending_keys, again.pending_keys
    assert new.version.number > old.version.number
    assert new.key != old.key


def test_what_was_written_in_the_tail_opens_and_can_be_written_on(world: World) -> None:
    handle = world.ledger.look(world.nurse, number=world.rewritten).handle
    (before,) = world.ledger.write(world.nurse, handle).head_keys
    world.lost = LostTail.of(world.ledger, world.lost.folder)
    (pending,) = kept_of(world.ledger).acts.keys() & world.ledger.writer._tenure.pending.keys()  # type: ignore[union-attr]
    world.ledger.settle(pending)
    lost = world.ledger.write(world.nurse, world.finds(world.rewritten))
    world.ledger.settle(lost.act_id)
    world.accepted()
    world.ledger.settle(pending)
    (key,) = lost.pending_keys
    seen = [one.key for one in world.ledger.look(world.nurse, world.finds(world.rewritten)).keys]
    assert key.key in seen
    assert len(set(seen)) == len(seen)
    again = world.ledger.write(world.nurse, world.finds(world.rewritten))
    assert key in again.head_keys
    world.ledger.settle(again.act_id)
    # From then on it stands as any other.
    keys = world.ledger.look(world.nurse, world.finds(world.rewritten)).keys
    services = [one.key for one in keys if one.version.section is Section.SERVICES]
    assert services == [one.key for one in again.pending_keys]
    assert before.version.number < key.version.number < again.pending_keys[0].version.number


def test_a_version_that_is_pending_is_given_out_once(world: World) -> None:
    handle = world.ledger.look(world.nurse, number=world.rewritten).handle
    entered = world.ledger.write(world.nurse, handle)
    world.lost = LostTail.of(world.ledger, world.lost.folder)
    world.accepted()
    seen = [one.key for one in world.ledger.look(world.nurse, world.finds(world.rewritten)).keys]
    assert len(set(seen)) == len(seen)
    assert {one.key for one in entered.pending_keys} <= set(seen)


def test_half_of_a_ceiling_is_charged_at_most(world: World) -> None:
    ceiling = world.ledger.limits.ceilings[("person", "opened")]
    while len(kept_of(world.ledger).rows) - world.before < ceiling // MOST_ROWS:
        world.finds(world.open)
    world.accepted()
    handle = world.finds(world.open)
    for _ in range(ceiling - ceiling // 2):
        world.ledger.look(world.nurse, handle)
    with pytest.raises(CeilingReached):
        world.ledger.look(world.nurse, handle)


# --- acceptance ---


def test_two_custodians_open_it_again_and_one_twice_is_not_two(world: World) -> None:
    world.hide()
    world.gap_open()
    world.lost.reenter_shields()
    world.lost.reenter_standings()
    world.ledger.clock.move(TOKENS_ARE_OVER)
    first = world.lost.signed_in(world.custodians[0])
    for _ in range(2):
        world.lost.accept(first)
        with pytest.raises(LedgerGapOpen):
            world.ledger.search(world.lost.signed_in(world.nurse), [candidate(world.open)])
    world.lost.accept(world.lost.signed_in(world.custodians[1]))
    world.nurse = world.lost.signed_in(world.nurse)
    assert world.is_open(world.open)


def test_a_second_custodian_after_a_week_is_a_first(world: World) -> None:
    world.gap_open()
    world.lost.reenter_shields()
    world.lost.reenter_standings()
    world.ledger.clock.move(TOKENS_ARE_OVER)
    world.lost.accept(world.lost.signed_in(world.custodians[0]))
    world.ledger.clock.move(7 * 86_400 + 1)
    world.lost.accept(world.lost.signed_in(world.custodians[1]))
    with pytest.raises(LedgerGapOpen):
        world.ledger.search(world.lost.signed_in(world.nurse), [candidate(world.open)])


@pytest.mark.parametrize("missing", ["shields", "standings", "time"])
def test_it_is_not_accepted_before_everything_was_entered_again(world: World, missing: str) -> None:
    world.gap_open()
    if missing != "shields":
        world.lost.reenter_shields()
    if missing != "standings":
        world.lost.reenter_standings()
    if missing != "time":
        world.ledger.clock.move(TOKENS_ARE_OVER)
    with pytest.raises(GapNotReady):
        world.lost.accept(world.lost.signed_in(world.custodians[0]))


def test_what_is_entered_again_makes_another_name(world: World) -> None:
    world.hide()
    world.gap_open()
    world.lost.reenter_shields(is_complete=True)
    world.lost.reenter_standings()
    world.ledger.clock.move(TOKENS_ARE_OVER)
    name = world.lost.name()
    world.lost.accept(world.lost.signed_in(world.custodians[0]))
    world.lost.closed[world.open] = (world.officer.person,)
    world.lost.reenter_shields()
    second = world.lost.signed_in(world.custodians[1])
    with pytest.raises(NotThisGap):
        world.lost.accept(second, name)
    # The new name has one acceptance.
    world.lost.accept(second)
    with pytest.raises(LedgerGapOpen):
        world.ledger.search(world.lost.signed_in(world.nurse), [candidate(world.open)])


def test_nobody_but_a_custodian_accepts(world: World) -> None:
    world.gap_open()
    world.lost.reenter_shields()
    world.lost.reenter_standings()
    world.ledger.clock.move(TOKENS_ARE_OVER)
    with pytest.raises(NotPermitted):
        world.lost.accept(world.lost.signed_in(world.nurse))


def test_a_gap_that_was_too_short_is_lengthened_and_accepted_anew(world: World) -> None:
    world.hide()
    world.hide()
    world.lost.lose()
    world.lost.publish_gap(world.before)
    world.lost.publish_gap(world.lost.newest + 5)
    world.lost.lead_again()
    assert len(GetCheckpoint(writer=world.ledger.writer)().gaps) == 2
    world.lost.reenter_shields()
    world.lost.reenter_standings()
    world.ledger.clock.move(TOKENS_ARE_OVER)
    for one in world.custodians:
        world.lost.accept(world.lost.signed_in(one))
    world.nurse = world.lost.signed_in(world.nurse)
    assert not world.is_open(world.hidden)


def test_a_leader_that_starts_anew_knows_that_it_is_open(world: World) -> None:
    world.gap_open()
    world.ledger.stop()
    world.lost.lead_again()
    nurse = world.lost.signed_in(world.nurse)
    with pytest.raises(LedgerGapOpen):
        world.ledger.search(nurse, [candidate(world.open)])


def test_without_a_gap_nothing_is_accepted(world: World) -> None:
    with pytest.raises(NotThisGap):
        world.lost.accept(world.custodians[0], b"n" * 32)
