"""The index key: the same each time, an entry each time."""

from __future__ import annotations

from services.audit.ledger.use_cases.open_index_key import OpenIndexKey
from tests.fakes.audit_ledger import Ledger
from tests.unit.audit_ledger.conftest import last_entry


def test_each_release_is_an_entry(ledger: Ledger) -> None:
    open_index_key = OpenIndexKey(writer=ledger.writer)
    first, second = open_index_key(), open_index_key()
    assert first.key == second.key
    assert second.receipt.index == first.receipt.index + 1
    assert last_entry(ledger).draft.act == "index_key.opened"
    assert "key=" not in repr(first)
