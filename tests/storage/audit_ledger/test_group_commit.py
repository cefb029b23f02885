"""An answer means a row: over a real PostgreSQL, with every call in a batch, and whatever dies in between."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.audit.ledger.errors import TokenSpent
from services.audit.ledger.use_cases.enter_refusals import EnterRefusals, Refusals
from services.runtime.errors import CeilingReached, DependencyUnavailable, NotAuthenticated, NotTheLeader
from tests.fakes.audit_ledger import with_ceilings
from tests.storage.audit_ledger.conftest import StartLedger
from tests.support.acts import SetClock
from tests.support.postgres import TestDatabase

REFUSALS = Refusals(act="sign_in", rule="UNKNOWN", person="", organisation="", session_tag="", count=3)


def count(engine: Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)


def test_every_answer_has_its_row(start: StartLedger, serving: Engine) -> None:
    ledger = start()
    enter = EnterRefusals(writer=ledger.writer)
    with ThreadPoolExecutor(32) as pool:
        receipts = list(pool.map(lambda _: enter(REFUSALS), range(300)))
    with serving.connect() as connection:
        rows = {row[0]: bytes(row[1]) for row in connection.execute(sa.text("SELECT index, leaf FROM entry"))}
    assert len({receipt.index for receipt in receipts}) == 300
    assert all(rows[receipt.index] == receipt.leaf for receipt in receipts)
    assert sorted(rows) == list(range(301))


@pytest.mark.promise("D2")
def test_of_fifty_uses_of_a_token_one_succeeds(start: StartLedger) -> None:
    ledger = start()
    ledger.found()
    who = ledger.somebody()
    handle = ledger.create(who).handle
    call = ledger.call(who, "directory:DirectoryService/OpenRecord", "EnterLook")

    def once(_: int) -> bool:
        try:
            return ledger.look(who, handle, call=call).number != 0
        except TokenSpent:
            return False

    with ThreadPoolExecutor(50) as pool:
        assert sum(pool.map(once, range(50))) == 1


def test_a_restart_remembers_tokens_sessions_and_ceilings(start: StartLedger) -> None:
    clock = SetClock()
    first = start(clock=clock)
    limits = with_ceilings(first.limits, person_opened=2)
    first.found()
    who = first.somebody()
    handle = first.create(who).handle
    call = first.call(who, "directory:DirectoryService/OpenRecord", "EnterLook")
    first.look(who, handle, call=call)
    first.stop()

    second = start(clock=clock, limits=limits)
    second.standings = first.standings
    with pytest.raises(TokenSpent):
        second.look(who, handle, call=call)
    second.look(who, handle)
    with pytest.raises(CeilingReached):
        second.look(who, handle)
    stranger = second.call(who, "directory:DirectoryService/OpenRecord", "EnterLook", sid=str(uuid.uuid4()))
    with pytest.raises(NotAuthenticated):
        second.look(who, handle, call=stranger)


def test_who_was_overtaken_writes_nothing_more(start: StartLedger, serving: Engine, database: TestDatabase) -> None:
    ledger = start()
    enter = EnterRefusals(writer=ledger.writer)
    enter(REFUSALS)
    before = count(serving, "entry")
    with serving.begin() as connection:
        connection.execute(sa.text("UPDATE writer SET epoch = epoch + 1"))
    with pytest.raises(NotTheLeader):
        enter(REFUSALS)
    assert count(serving, "entry") == before
    # It leads again in an epoch of its own, as nobody else holds the lock.
    assert ledger.leads_within(5.0)
    assert enter(REFUSALS).index == before


def test_two_do_not_lead_at_once(start: StartLedger) -> None:
    first = start()
    second = start(waits=False)
    assert not second.leads_within(0.5)
    assert first.writer.is_leading
    first.stop()
    assert second.leads_within(5.0)


def test_a_lost_connection_releases_nothing_and_is_recovered_from(start: StartLedger, database: TestDatabase) -> None:
    ledger = start()
    enter = EnterRefusals(writer=ledger.writer)
    index = enter(REFUSALS).index
    with database.server.connect() as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            (database.process.database,),
        )
    with pytest.raises(DependencyUnavailable):
        enter(REFUSALS)
    assert ledger.leads_within(5.0)
    assert enter(REFUSALS).index > index


def test_the_second_use_of_a_token_breaks_a_constraint_whatever_memory_says(
    start: StartLedger, serving: Engine
) -> None:
    ledger = start()
    ledger.found()
    who = ledger.somebody()
    call = ledger.call(who, "directory:DirectoryService/SearchChildren", "EnterSearch")
    ledger.search(who, call=call)
    tenure = ledger.writer._tenure
    assert tenure is not None
    tenure.registers._spent.clear()
    with pytest.raises(DependencyUnavailable):
        ledger.search(who, call=call)
    # Memory was made anew from the log, and knows it again.
    assert ledger.leads_within(5.0)
    with pytest.raises(TokenSpent):
        ledger.search(who, call=call)
