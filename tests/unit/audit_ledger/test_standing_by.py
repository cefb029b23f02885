"""A standby knows what the leader wrote; a leader whose lease has run out answers nothing, asleep or cut off."""

from __future__ import annotations

import threading
import time

import pytest

from services.audit.ledger.domain.act import ActState
from services.audit.ledger.group_commit import GroupCommit
from services.audit.ledger.ports import StoreChanged
from services.audit.ledger.use_cases.enter_refusals import EnterRefusals
from services.audit.ledger.use_cases.get_checkpoint import GetCheckpoint
from services.audit.ledger.use_cases.list_leaves import ListLeaves
from services.runtime.errors import NotTheLeader
from tests.fakes.audit_ledger import Kept, Ledger, MemoryLog, MemoryStore, Person
from tests.unit.audit_ledger.test_group_commit import REFUSALS, kept_of


@pytest.fixture
def standby(ledger: Ledger) -> Ledger:
    """A second ledger over what the first one writes; the test is its thread."""
    return Ledger(MemoryStore(kept_of(ledger)), MemoryLog(kept_of(ledger)), clock=ledger.clock)


def test_it_knows_what_the_leader_knows(ledger: Ledger, nurse: Person, standby: Ledger) -> None:
    following = standby.writer._following
    following.catch_up()
    number = ledger.create(nurse).number
    ledger.close(ledger.somebody("ROLE_PROTECTION_PRACTITIONER"), number=number)
    entered = ledger.create(nurse, settle=False)
    for _ in range(300):
        EnterRefusals(writer=ledger.writer)(REFUSALS)
    following.catch_up()
    ledger.stop()
    warm = following.lead()
    standby.store.step_down()
    cold = Ledger(MemoryStore(kept_of(ledger)), MemoryLog(kept_of(ledger)), clock=ledger.clock)
    fresh = cold.writer._following.lead()
    for one, other in ((warm.registers, fresh.registers),):
        assert one.standings == other.standings
        assert one.sessions == other.sessions
        assert one.limited == other.limited == {number}
        assert one._counters == other._counters
        assert one._usage == other._usage
        assert one._spent == other._spent
    assert warm.tree.root() == fresh.tree.root()
    assert (warm.state_rows, warm.standing_sum, warm.limits_digest) == (
        fresh.state_rows,
        fresh.standing_sum,
        fresh.limits_digest,
    )
    assert set(warm.pending) == set(fresh.pending) == {entered.act_id}
    assert entered.state is ActState.PENDING


def edited(kept: Kept, what: str) -> None:
    match what:
        case "an older copy":
            del kept.rows[-2:]
        case "an entry is gone":
            del kept.rows[-2]
        case "a leaf is another":
            kept.rows[-1] = type(kept.rows[-1])(kept.rows[-1].index, kept.rows[-1].at, kept.rows[-1].sealed, b"x" * 32)
        case _:
            kept.states.pop()


@pytest.mark.parametrize("what", ["an older copy", "an entry is gone", "a leaf is another", "a state is gone"])
def test_it_does_not_follow_what_was_edited(ledger: Ledger, nurse: Person, standby: Ledger, what: str) -> None:
    following = standby.writer._following
    following.catch_up()
    ledger.create(nurse)
    edited(kept_of(ledger), what)
    with pytest.raises((StoreChanged, ValueError)):
        following.catch_up()
    # Nor does it lead with what it knew before.
    assert following._known is None


def test_an_end_in_order_lets_calls_in_flight_finish(ledger: Ledger) -> None:
    receipt = EnterRefusals(writer=ledger.writer)(REFUSALS)
    ledger.stop()
    assert ledger.writer.published().size == receipt.index + 1
    with pytest.raises(NotTheLeader):
        EnterRefusals(writer=ledger.writer)(REFUSALS)


def test_who_slept_through_its_own_end_answers_nothing(ledger: Ledger) -> None:
    kept_of(ledger).epoch += 1
    for ask in (
        GetCheckpoint(writer=ledger.writer),
        lambda: ListLeaves(writer=ledger.writer, log=ledger.log)(0, 1),
        lambda: EnterRefusals(writer=ledger.writer)(REFUSALS),
    ):
        kept_of(ledger).epoch += 1
        before = len(kept_of(ledger).rows)
        with pytest.raises(NotTheLeader):
            ask()
        assert len(kept_of(ledger).rows) == before
        assert ledger.leads_within(5)


class Watch:
    """A clock that somebody sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_lease_that_ran_out_ends_everything_before_the_database_is_asked(ledger: Ledger) -> None:
    watch = Watch()
    ledger.writer._monotonic = watch
    ledger.writer._has_renewed(watch.now)
    ledger.writer._renew_at = watch.now + 100
    found = [ledger.writer.is_leading]
    watch.now += 5.01
    found.append(ledger.writer.is_leading)
    assert found == [True, False]
    with pytest.raises(NotTheLeader):
        _ = ledger.writer.size
    with pytest.raises(NotTheLeader):
        EnterRefusals(writer=ledger.writer)(REFUSALS)


def test_a_leader_that_is_cut_off_is_cut_loose(ledger: Ledger) -> None:
    store = ledger.store
    assert isinstance(store, MemoryStore)
    changes: list[bool] = []
    writer: GroupCommit = ledger.writer
    writer._changed = lambda: changes.append(writer.is_leading)
    writer._lease_seconds = 0.6
    guard = threading.Thread(target=writer.guard, args=(ledger._stopping,), daemon=True)
    guard.start()
    store.answers.clear()
    end = time.monotonic() + 10
    while not store.answers.is_set():
        assert time.monotonic() < end, "nobody cut the line"
        time.sleep(0.02)
    assert False in changes
    assert ledger.leads_within(5.0)


def test_the_first_of_all_makes_the_keys_and_a_standby_waits_for_them() -> None:
    kept = Kept()
    standby = Ledger(MemoryStore(kept), MemoryLog(kept))
    standby.writer._following.catch_up()
    assert kept.keys is None
    leader = Ledger(MemoryStore(kept), MemoryLog(kept), clock=standby.clock).start()
    standby.writer._following.catch_up()
    known = standby.writer._following._known
    assert known is not None
    assert known.tree.size == leader.writer.size == 1
    leader.stop()
