"""Steps of shields, as the log tells them: what a restored shielding holds its own table against. No child is named."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.ledger import entry_format
from services.audit.ledger.domain.entry import ChildLimited, Draft, Outcome
from services.audit.ledger.ports import Log, Writer
from services.audit.ledger.use_cases.still_leading import STILL_LEADING

MOST = 2048
"""How many entries are looked at in one call."""
_SERVICE = "/contactpoint.shielding.v1.ShieldingService/"
_ASKS = f"{_SERVICE}RequestShield"


@dataclass(frozen=True, slots=True)
class ShieldStep:
    """What one entry says of a shield."""

    act_id: bytes
    index: int
    closes: bool


@dataclass(frozen=True, slots=True)
class ShieldSteps:
    """What some entries say."""

    steps: tuple[ShieldStep, ...]
    next_index: int
    size: int


@dataclass(frozen=True, kw_only=True)
class ListShieldSteps:
    """Lists steps of shields."""

    writer: Writer
    log: Log

    def __call__(self, from_index: int) -> ShieldSteps:
        """Return what the next entries from an index on say of shields."""
        published = self.writer.published()
        end = max(from_index, min(published.size, from_index + MOST))
        found: list[ShieldStep] = []
        for stored in self.log.entries(from_index, end):
            _, body = published.keyring.open_body(stored.index, stored.sealed)
            draft = entry_format.decode(body).draft
            if is_step(draft):
                found.append(ShieldStep(draft.act_id, stored.index, closes(draft)))
        self.writer.write(STILL_LEADING)
        return ShieldSteps(tuple(found), end, published.size)


def is_step(draft: Draft) -> bool:
    """Return whether an entry says that somebody took a step of a shield, of which shielding keeps a case."""
    asks = draft.act == _ASKS and draft.outcome is Outcome.ALLOWED
    return asks or (closes(draft) and draft.act.startswith(_SERVICE))


def closes(draft: Draft) -> bool:
    """Return whether an entry closed a child's record."""
    return isinstance(draft.effect, ChildLimited)
