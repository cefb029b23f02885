"""Leaves: in order, bounded, and up to what was committed."""

from __future__ import annotations

from services.audit.ledger.use_cases.list_leaves import ListLeaves
from tests.fakes.audit_ledger import Ledger, MemoryStore, Person


def test_leaves_come_in_order(ledger: Ledger, nurse: Person) -> None:
    for _ in range(10):
        ledger.search(nurse)
    assert isinstance(ledger.store, MemoryStore)
    leaves = [row.leaf for row in ledger.store.kept.rows]
    list_leaves = ListLeaves(writer=ledger.writer, log=ledger.log)
    assert list(list_leaves(0, 0)) == leaves
    assert list(list_leaves(2, 5)) == leaves[2:7]
    assert list(list_leaves(len(leaves) - 1, 5)) == leaves[-1:]
    assert list(list_leaves(len(leaves), 5)) == []
    assert list(list_leaves(1 << 60, 0)) == []
