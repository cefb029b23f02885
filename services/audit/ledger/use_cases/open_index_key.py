"""The key of the search index for a directory that starts; each release is an entry."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.ledger.domain.entry import Draft, Outcome, Receipt
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.ports import Writer
from services.audit.ledger.use_cases.process_work import ProcessWork


@dataclass(frozen=True, slots=True)
class IndexKey:
    """The key, to be kept in memory only."""

    receipt: Receipt
    key: bytes

    def __repr__(self) -> str:
        """Return a text without the key."""
        return "IndexKey()"


@dataclass(frozen=True, kw_only=True)
class OpenIndexKey:
    """Releases the index key."""

    writer: Writer

    def __call__(self, *, correlation: str = "") -> IndexKey:
        """Return the key, once its entry is durable."""

        def decide(batch: Batch) -> Decision[IndexKey]:
            draft = Draft(act="index_key.opened", outcome=Outcome.ALLOWED, rule="ENTERED", correlation=correlation)
            key = batch.keyring.index_key
            return Decision(entries=(draft,), answer=lambda receipts: IndexKey(receipts[-1], key))

        return self.writer.write(ProcessWork(decide))
