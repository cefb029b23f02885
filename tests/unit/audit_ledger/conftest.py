"""A founded ledger in memory, stopped after its test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.audit.ledger import entry_format
from services.audit.ledger.domain.entry import Entry
from tests.fakes.audit_ledger import Ledger, MemoryStore, Person, in_memory
from tests.support.lost_tail import World


@pytest.fixture
def ledger() -> Iterator[Ledger]:
    made = in_memory()
    made.found()
    yield made
    made.stop()


@pytest.fixture
def nurse(ledger: Ledger) -> Person:
    return ledger.somebody()


def entries_of(ledger: Ledger) -> list[Entry]:
    """Return all entries, opened."""
    assert isinstance(ledger.store, MemoryStore)
    keyring = ledger.writer.published().keyring
    return [entry_format.decode(keyring.open_body(row.index, row.sealed)[1]) for row in ledger.store.kept.rows]


def last_entry(ledger: Ledger) -> Entry:
    """Return the newest entry."""
    return entries_of(ledger)[-1]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.ledger.stop()
