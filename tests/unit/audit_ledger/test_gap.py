"""A ledger that lost its tail: the loss is public, nothing opens before two custodians accepted it, nothing reopens."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.audit.ledger.domain.act import ActState
from services.audit.ledger.domain.entry import ChildLimited, Section, StandingChanged
from services.audit.ledger.domain.gap import MOST_ROWS, lost_leaf
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.effects.note import Note
from services.audit.ledger.errors import GapNotReady, NoGapOpen, NotThisGap, OlderThanGap
from services.audit.ledger.publish_gap import MOST_UNASKED, GapRefused
from services.audit.ledger.use_cases.get_checkpoint import GetCheckpoint
from services.audit.ledger.use_cases.list_ended_acts import ListEndedActs
from services.audit.ledger.use_cases.list_unsettled_acts import ListUnsettledActs
from services.audit.ledger.use_cases.open_index_key import OpenIndexKey
from services.audit.ledger.use_cases.reenter_shields import HiddenChild, ReenterShields
from services.runtime import errors
from services.runtime.errors import CeilingReached, LedgerGapOpen, NotAuthenticated, NotPermitted
from tests.fakes.audit_ledger import Ledger, candidate, in_memory
from tests.support.lost_tail import ORIGIN, LostTail, kept_of
from tests.unit.audit_ledger.conftest import entries_of

TOKENS_ARE_OVER = 16.0


class World:
    """A nurse, an officer, two custodians and three children; what happens in `tail` is lost."""

    def __init__(self, folder: Path) -> None:
        ledger = in_memory()
        ledger.found()
        self.nurse = ledger.somebody()
        self.officer = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
        self.custodians = [ledger.somebody("ROLE_CUSTODIAN") for _ in range(2)]
        self.open, self.hidden, self.rewritten = (ledger.create(self.nurse).number for _ in range(3))
        self.before = len(kept_of(ledger).rows)
        self.lost = LostTail.of(ledger, folder)

    @property
    def ledger(self) -> Ledger:
        return self.lost.ledger

    def hide(self) -> None:
        """Close a child's record, in the ledger and as shielding remembers it."""
        self.ledger.close(self.officer, number=self.hidden)
        self.lost.closed[self.hidden] = (self.officer.person,)

    def gap_open(self) -> None:
        """Lose what was since, at least a sign-in, and publish the gap."""
        self.ledger.founder()
        self.lost.lose()
        self.lost.publish_gap()
        self.lost.lead_again()

    def accepted(self) -> None:
        """From the loss to the second acceptance."""
        self.gap_open()
        self.lost.reenter_shields()
        self.lost.reenter_standings()
        self.ledger.clock.move(TOKENS_ARE_OVER)
        for one in self.custodians:
            self.lost.accept(self.lost.signed_in(one))
        self.nurse = self.lost.signed_in(self.nurse)

    def finds(self, number: int) -> bytes:
        """Return the handle that a search by whole name gives the nurse."""
        return self.ledger.search(self.nurse, [candidate(number)]).slots[0].handle

    def is_open(self, number: int) -> bool:
        """Whether the nurse is given the keys of more than the limited form."""
        found = self.ledger.look(self.nurse, self.finds(number))
        return any(one.version.section is Section.SERVICES for one in found.keys)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.ledger.stop()


# --- the command ---


def test_the_log_goes_on_behind_what_callers_know(world: World) -> None:
    world.hide()
    world.gap_open()
    rows = kept_of(world.ledger).rows
    assert world.before <= world.lost.newest < len(rows)
    assert [row.leaf for row in rows[world.before : world.lost.newest + 1]] == [
        lost_leaf(ORIGIN, index) for index in range(world.before, world.lost.newest + 1)
    ]
    ((index, statement),) = GetCheckpoint(writer=world.ledger.writer)().gaps
    assert index == world.lost.newest + 1
    assert rows[index].leaf == hashlib.sha256(statement.encode()).digest()
    lines = statement.split("\n")
    assert lines[:5] == [ORIGIN, "gap", str(world.before), str(world.before), str(world.lost.newest)]


def test_leaves_that_were_published_stand(world: World) -> None:
    world.hide()
    world.lost.publish_log()
    published = len(kept_of(world.ledger).rows)
    tree = world.ledger.writer.published().tree
    root = tree.root()
    world.hide()
    world.gap_open()
    now = world.ledger.writer.published().tree
    assert now.size > tree.size >= published > world.before
    # Whoever kept the public checkpoint finds that the log goes on from it.
    assert now.root_at(published, lambda _: ()) == root
    ((_, statement),) = GetCheckpoint(writer=world.ledger.writer)().gaps
    assert statement.split("\n")[2:5] == [str(world.before), str(published), str(world.lost.newest)]


def refusals() -> dict[str, Callable[[World], object]]:
    return {
        "nothing is missing": lambda world: world.lost.publish_gap(world.before - 1),
        "would be lost: if that is so, say --lost": lambda world: world.lost.publish_gap(world.before + MOST_UNASKED),
        "say --through": lambda world: world.lost.publish_gap(world.before),
    }


@pytest.mark.parametrize("why", refusals())
def test_it_is_not_published_where_something_is_wrong(world: World, why: str) -> None:
    world.hide()
    world.hide()
    world.lost.publish_log()
    world.lost.lose()
    with pytest.raises(GapRefused, match=why):
        refusals()[why](world)
    assert len(world.lost.left.rows) == world.before


def test_a_long_tail_is_published_when_its_length_is_said(world: World) -> None:
    world.lost.lose()
    count = MOST_UNASKED + 1
    with pytest.raises(GapRefused, match="--lost"):
        world.lost.publish_gap(world.before + count - 1, lost=count - 1)


def test_it_is_not_published_twice(world: World) -> None:
    world.hide()
    world.lost.lose()
    world.lost.publish_gap()
    with pytest.raises(GapRefused, match="nothing is missing"):
        world.lost.publish_gap()


def test_it_is_not_published_while_a_ledger_leads(world: World) -> None:
    world.hide()
    world.lost.lose()
    leading = in_memory(world.lost.left)
    with pytest.raises(GapRefused, match="a ledger leads"):
        world.lost.publish_gap()
    leading.stop()


def test_it_is_not_published_against_another_public_log(world: World, tmp_path: Path) -> None:
    world.hide()
    world.lost.publish_log()
    world.lost.lose()
    entries = next((tmp_path / "tile" / "entries").rglob("*.p/*"))
    content = bytearray(entries.read_bytes())
    content[-1] ^= 1
    entries.write_bytes(bytes(content))
    with pytest.raises(GapRefused, match="is not this log's"):
        world.lost.publish_gap()
    entries.unlink()
    with pytest.raises(GapRefused, match="is missing or not as it should be"):
        world.lost.publish_gap()
    (tmp_path / "checkpoint").write_text("nobody's")
    with pytest.raises(GapRefused, match="not signed by this log"):
        world.lost.publish_gap()


def test_a_log_that_was_written_since_is_recovered_once_more(world: World) -> None:
    world.hide()
    world.hide()
    world.lost.publish_log()
    world.lost.lose()
    since = in_memory(world.lost.left, clock=world.ledger.clock)
    since.standings = world.ledger.standings
    since.founder()
    since.stop()
    with pytest.raises(GapRefused, match="is not this log's"):
        world.lost.publish_gap()


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


def test_an_identity_that_is_older_than_the_gap_changes_nothing(world: World) -> None:
    world.gap_open()
    world.ledger.digest("person", world.nurse.person, revision=0)
    with pytest.raises(OlderThanGap):
        world.lost.reenter_standings(newest=world.before - 1)


def test_a_version_is_not_given_out_again(world: World) -> None:
    handle = world.ledger.look(world.nurse, number=world.rewritten).handle
    lost = world.ledger.write(world.nurse, handle)
    world.ledger.settle(lost.act_id)
    world.accepted()
    again = world.ledger.write(world.nurse, world.finds(world.rewritten))
    (old,), (new,) = lost.pending_keys, again.pending_keys
    assert new.version.number > old.version.number
    assert new.key != old.key


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


def test_without_a_gap_nothing_is_entered_again(world: World) -> None:
    with pytest.raises(NoGapOpen):
        world.lost.reenter_shields()
    with pytest.raises(NoGapOpen):
        world.lost.reenter_standings()
    with pytest.raises(NotThisGap):
        world.lost.accept(world.custodians[0], b"n" * 32)


def test_a_leader_that_starts_anew_knows_that_it_is_open(world: World) -> None:
    world.gap_open()
    world.ledger.stop()
    world.lost.lead_again()
    nurse = world.lost.signed_in(world.nurse)
    with pytest.raises(LedgerGapOpen):
        world.ledger.search(nurse, [candidate(world.open)])
