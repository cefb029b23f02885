"""Late acts: of the directory alone, oldest first, remembered over a restart."""

from __future__ import annotations

from services.audit.ledger.use_cases.list_unsettled_acts import ListUnsettledActs
from tests.fakes.audit_ledger import Ledger, MemoryLog, MemoryStore, Person
from tests.unit.audit_ledger.conftest import entries_of


def test_acts_are_late_after_ten_seconds(ledger: Ledger, nurse: Person) -> None:
    late = ListUnsettledActs(writer=ledger.writer)
    first = ledger.create(nurse, settle=False)
    ledger.clock.move(1)
    second = ledger.create(nurse, settle=False)
    police = ledger.somebody("ROLE_PROTECTION_PRACTITIONER")
    ledger.close(police, number=first.number)
    assert late() == ()
    ledger.clock.move(9)
    assert late() == (first.act_id,)
    ledger.clock.move(1)
    before = len(entries_of(ledger))
    assert late() == (first.act_id, second.act_id)
    assert len(entries_of(ledger)) <= before + 1
    ledger.settle(first.act_id)
    assert late() == (second.act_id,)
    ledger.stop()

    assert isinstance(ledger.store, MemoryStore)
    kept = ledger.store.kept
    restarted = Ledger(MemoryStore(kept), MemoryLog(kept), clock=ledger.clock).start()
    assert ListUnsettledActs(writer=restarted.writer)() == (second.act_id,)
    restarted.stop()
