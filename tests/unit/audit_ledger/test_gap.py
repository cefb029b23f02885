"""While a gap is open nothing opens; two custodians accept it; what the lost entries knew does not open again."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest

from services.audit.ledger.domain.act import ActState
from services.audit.ledger.domain.entry import Section
from services.audit.ledger.domain.gap import MOST_ROWS
from services.audit.ledger.domain.key_row import MOST_SHOWN_STATEMENTS, KeyRow
from services.audit.ledger.effects import Entered
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.effects.note import Note
from services.audit.ledger.errors import GapNotReady, NotThisGap, RecordFull
from services.audit.ledger.use_cases.get_checkpoint import GetCheckpoint
from services.audit.ledger.use_cases.list_ended_acts import ListEndedActs
from services.audit.ledger.use_cases.list_unsettled_acts import ListUnsettledActs
from services.audit.ledger.use_cases.open_index_key import OpenIndexKey
from services.runtime.errors import CeilingReached, LedgerGapOpen, NotAuthenticated, NotPermitted
from tests.fakes.audit_ledger import Ledger, MemoryLog, MemoryStore, candidate
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


def a_writing(world: World) -> Entered:
    """Write of the child that is written again and again, to the end."""
    entered = world.ledger.write(world.nurse, world.finds(world.rewritten))
    world.ledger.settle(entered.act_id)
    return entered


def test_what_was_written_in_the_tail_of_a_second_gap_opens_too(world: World) -> None:
    world.accepted()
    a_writing(world)
    for _ in range(2):
        world.lost = LostTail.of(world.ledger, world.lost.folder)
        (key,) = a_writing(world).pending_keys
        world.accepted()
        assert key.key in [one.key for one in world.ledger.look(world.nurse, world.finds(world.rewritten)).keys]
        again = a_writing(world)
        assert key in again.head_keys
        assert again.pending_keys[0].version.number > key.version.number


def test_no_version_is_given_out_again_where_a_gap_is_lost_itself(world: World) -> None:
    first = copy.deepcopy(world.lost.left)
    world.accepted()
    given = {key.version.number for _ in range(3) for key in a_writing(world).pending_keys}
    folder, closed = world.lost.folder, world.lost.closed
    world.lost = LostTail(world.ledger, first, folder, closed=closed)
    world.accepted()
    assert len(GetCheckpoint(writer=world.ledger.writer)().gaps) == 1
    again = {key.version.number for _ in range(3) for key in a_writing(world).pending_keys}
    assert len(given) == len(again) == 3
    assert min(again) > max(given)


def test_a_record_is_full_behind_a_gap_as_before_it(world: World) -> None:
    world.accepted()
    shown = {(one.section, one.source) for one in row_of(world, world.rewritten).statements}
    left = MOST_SHOWN_STATEMENTS - len({one for one in shown if one[0] in (Section.IDENTITY, Section.SERVICES)})
    for _ in range(left):
        written_by_another(world)
    with pytest.raises(RecordFull):
        written_by_another(world)


def row_of(world: World, number: int) -> KeyRow:
    """Return a child's key row as the database holds it."""
    tenure = world.ledger.writer._tenure
    assert tenure is not None
    tag = tenure.keyring.child_tag(number)
    return tenure.keyring.open_row(tag, kept_of(world.ledger).children[tag])


def written_by_another(world: World) -> None:
    """Let somebody of an organisation that never wrote of the child write of it."""
    organisation = str(uuid.uuid4())
    world.ledger.add("organisation", organisation)
    somebody = world.ledger.somebody(organisation=organisation)
    handle = world.ledger.search(somebody, [candidate(world.rewritten)]).slots[0].handle
    source = uuid.UUID(somebody.organisation).bytes
    world.ledger.settle(world.ledger.write(somebody, handle, source=source).act_id)


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


# --- who writes the ledger's database, and has kept the tail ---


@pytest.mark.parametrize("is_leaf_too", [False, True])
def test_an_entry_of_the_lost_tail_put_back_does_not_close_the_gap(world: World, *, is_leaf_too: bool) -> None:
    for _ in range(300):
        world.ledger.founder()
    tail = kept_of(world.ledger).rows
    world.lost.lose()
    gap = world.lost.publish_gap(world.before + 5).gap
    world.lost.lead_again()
    for _ in range(300):
        world.ledger.founder()
    world.ledger.stop()
    rows, at = kept_of(world.ledger).rows, gap.index
    rows[at] = replace(tail[at], leaf=tail[at].leaf if is_leaf_too else rows[at].leaf)
    again = Ledger(MemoryStore(kept_of(world.ledger)), MemoryLog(kept_of(world.ledger)), clock=world.ledger.clock)
    again._thread.start()
    assert not again.leads_within(0.5)
    again.stop()


@pytest.mark.promise("S5")
def test_a_state_of_the_lost_tail_put_back_opens_no_child(world: World) -> None:
    world.ledger.create(world.nurse)
    world.hide()
    older, tail = dict(world.lost.left.children), list(kept_of(world.ledger).states)
    world.accepted()
    world.ledger.stop()
    kept = kept_of(world.ledger)
    same = [seq for seq, (now, then) in enumerate(zip(kept.states, tail, strict=False)) if now != then]
    assert same
    for seq in same:
        kept.states[seq] = tail[seq]
    kept.children.update(older)
    world.lost.lead_again()
    world.nurse = world.lost.signed_in(world.nurse)
    assert world.is_open(world.open)
    assert not world.is_open(world.hidden)


def test_a_standby_follows_across_a_gap(world: World) -> None:
    following = world.lost.following()
    following.catch_up()
    world.hide()
    world.accepted()
    following.catch_up()
    warm, fresh = following.known, world.ledger.writer._tenure
    assert warm is not None
    assert fresh is not None
    assert warm.registers.gaps.published == fresh.registers.gaps.published != []
    assert not warm.registers.gaps.is_open
    assert (warm.registers.sessions, warm.registers.limited) == (fresh.registers.sessions, fresh.registers.limited)
    assert warm.tree.root() == fresh.tree.root()


def test_without_a_gap_nothing_is_accepted(world: World) -> None:
    with pytest.raises(NotThisGap):
        world.lost.accept(world.custodians[0], b"n" * 32)
