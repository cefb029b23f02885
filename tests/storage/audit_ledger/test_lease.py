"""Who may lead: whoever has the lock, or finds a lease that ran out; and whoever led before writes nothing more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from services.audit.ledger.errors import TokenSpent
from services.audit.ledger.ports import NotLeading, StoreUnavailable
from services.audit.ledger.storage.store import PostgresStore
from services.audit.ledger.use_cases.enter_refusals import EnterRefusals
from services.runtime.errors import NotTheLeader
from tests.storage.audit_ledger.conftest import StartLedger
from tests.storage.audit_ledger.test_group_commit import REFUSALS
from tests.support.acts import SetClock
from tests.support.postgres import TestDatabase

LEASE_SECONDS = 1.0
_LOCK = 0x6C6564676572

NewStore = Callable[[], PostgresStore]


@pytest.fixture
def store(database: TestDatabase) -> Iterator[NewStore]:
    """Make stores, each with a connection of its own."""
    made: list[tuple[PostgresStore, Engine]] = []

    def new() -> PostgresStore:
        engine = database.engine(pool_size=1)
        made.append((PostgresStore(engine, lease_seconds=LEASE_SECONDS), engine))
        return made[-1][0]

    yield new
    for one, engine in made:
        one.step_down()
        engine.dispose()


@pytest.fixture
def release_1(database: TestDatabase) -> Iterator[Connection]:
    """A connection on which a leader of release 1 leads: by the lock and an epoch, without a lease."""
    engine = database.engine(pool_size=1)
    with engine.connect() as connection:
        assert connection.scalar(sa.text(f"SELECT pg_try_advisory_lock({_LOCK})"))
        connection.execute(sa.text("UPDATE writer SET epoch = epoch + 1"))
        connection.commit()
        yield connection
    engine.dispose()


def may_lead(store: PostgresStore) -> bool:
    try:
        store.lead()
    except NotLeading:
        return False
    return True


def leads_soon(store: PostgresStore) -> bool:
    """Say whether a store leads in less than a lease: a server takes a moment to notice that a connection is gone."""
    end = time.monotonic() + LEASE_SECONDS / 2
    while not (leads := may_lead(store)) and time.monotonic() < end:
        time.sleep(0.01)
    return leads


def has_fence(store: PostgresStore) -> bool:
    try:
        with store.batch():
            return True
    except NotLeading:
        return False


def test_one_leads_until_it_is_gone(store: NewStore) -> None:
    first, second = store(), store()
    assert may_lead(first)
    assert not may_lead(second)
    first.step_down()
    assert leads_soon(second)
    assert has_fence(second)
    assert not has_fence(first)


def test_who_is_silent_loses_its_lease_but_not_its_lock(store: NewStore) -> None:
    first, second = store(), store()
    assert may_lead(first)
    time.sleep(LEASE_SECONDS / 2)
    assert not may_lead(second)
    time.sleep(LEASE_SECONDS)
    assert may_lead(second)
    assert not has_fence(first)
    with pytest.raises(NotLeading):
        first.renew()


def test_who_renews_keeps_its_lease(store: NewStore) -> None:
    first, second = store(), store()
    assert may_lead(first)
    for _ in range(4):
        time.sleep(LEASE_SECONDS / 2)
        first.renew()
        assert not may_lead(second)


def test_a_lease_given_back_is_free_at_once_even_without_the_lock(store: NewStore) -> None:
    first, second, third = store(), store(), store()
    assert may_lead(first)
    time.sleep(1.5 * LEASE_SECONDS)
    assert may_lead(second)
    # The second leads by its lease alone: the first stands still, and holds the lock.
    assert not may_lead(third)
    second.give_back()
    assert may_lead(third)


def test_a_lock_that_became_free_is_no_invitation_while_a_lease_holds(store: NewStore) -> None:
    first, second, third = store(), store(), store()
    assert may_lead(first)
    time.sleep(1.5 * LEASE_SECONDS)
    assert may_lead(second)
    first.step_down()
    assert not leads_soon(third)
    # With its next renewal the leader has the lock too, and its end is noticed at once again.
    second.renew()
    assert not may_lead(third)
    second.step_down()
    assert leads_soon(third)


def test_a_leader_of_release_1_is_known_by_its_lock(store: NewStore, release_1: Connection) -> None:
    newer = store()
    time.sleep(1.5 * LEASE_SECONDS)
    assert not may_lead(newer)
    release_1.invalidate()
    assert leads_soon(newer)


def test_release_1_does_not_lead_beside_a_leader(store: NewStore, serving: Engine) -> None:
    assert may_lead(store())
    with serving.connect() as connection:
        assert not connection.scalar(sa.text(f"SELECT pg_try_advisory_lock({_LOCK})"))


def test_a_clock_that_was_put_back_keeps_nobody_out(store: NewStore, serving: Engine) -> None:
    first, second = store(), store()
    assert may_lead(first)
    with serving.begin() as connection:
        connection.execute(sa.text("UPDATE writer SET renewed_at = clock_timestamp() + interval '1 day'"))
    assert may_lead(second)
    assert not has_fence(first)


def test_what_waits_on_a_dead_line_fails_when_it_is_cut(store: NewStore) -> None:
    first = store()
    assert may_lead(first)
    first.abandon()
    with pytest.raises(StoreUnavailable):
        first.renew()


def test_a_standby_follows_and_leads_without_reading_all_again(start: StartLedger) -> None:
    clock = SetClock()
    first = start(clock=clock)
    first.found()
    who = first.somebody()
    handle = first.create(who).handle
    second = start(waits=False, clock=clock)
    call = first.call(who, "directory:DirectoryService/OpenRecord", "EnterLook")
    first.look(who, handle, call=call)
    end = time.monotonic() + 10
    while (known := second.writer._following._known) is None or known.tree.size < first.writer.size:
        assert time.monotonic() < end
        time.sleep(0.05)
    assert second.writer.is_ready
    assert not second.writer.is_leading
    with pytest.raises(NotTheLeader):
        EnterRefusals(writer=second.writer)(REFUSALS)
    size, root = first.writer.size, first.writer.published().tree.root()
    first.stop()
    assert second.leads_within(5.0)
    assert second.writer._tenure is not None
    assert second.writer._tenure.tree is known.tree
    assert (second.writer.size, second.writer.published().tree.root()) == (size, root)
    # What the first learnt, the second knows: the token is spent, the person is signed in, the child is there.
    second.standings = first.standings
    with pytest.raises(TokenSpent):
        second.look(who, handle, call=call)
    assert second.look(who, handle).number
