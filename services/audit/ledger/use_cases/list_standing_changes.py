"""Changes of standing, as the log tells them: what a restored identity holds its own standings against."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.ledger import entry_format
from services.audit.ledger.domain.entry import Draft, StandingChanged
from services.audit.ledger.ports import Log, StoredEntry, Writer
from services.audit.ledger.use_cases.still_leading import STILL_LEADING

MOST = 2048
"""How many entries are looked at in one call."""


@dataclass(frozen=True, slots=True)
class ListedChange:
    """What one entry says."""

    act_id: bytes
    index: int
    effect: StandingChanged


@dataclass(frozen=True, slots=True)
class ListedChanges:
    """What some entries say."""

    changes: tuple[ListedChange, ...]
    next_index: int
    size: int


@dataclass(frozen=True, kw_only=True)
class ListStandingChanges:
    """Lists changes of standing."""

    writer: Writer
    log: Log

    def __call__(self, from_index: int) -> ListedChanges:
        """Return what the next entries from an index on say of standings."""
        published = self.writer.published()
        end = max(from_index, min(published.size, from_index + MOST))
        found: list[ListedChange] = []
        for stored in self.log.entries(from_index, end):
            _, body = published.keyring.open_body(stored.index, stored.sealed)
            draft = entry_format.decode(body).draft
            if isinstance(draft.effect, StandingChanged):
                found.append(ListedChange(name_of(draft, stored), stored.index, draft.effect))
        self.writer.write(STILL_LEADING)
        return ListedChanges(tuple(found), end, published.size)


def name_of(draft: Draft, stored: StoredEntry) -> bytes:
    """Return what an act is called in a loss: 32 bytes; where a process re-entered it after a gap, its entry's leaf."""
    return draft.act_id or stored.leaf
