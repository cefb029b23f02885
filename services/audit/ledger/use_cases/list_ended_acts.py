"""Acts of the directory that ended, as the log tells it: what a restored directory holds its own table against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.audit.ledger import entry_format
from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.entry import ActSettled, Effect, HeadsLowered
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.ports import Log, Writer

MOST = 2048
"""How many entries are looked at in one call."""


@dataclass(frozen=True, slots=True)
class EndedAct:
    """What one entry says of an act."""

    act_id: bytes
    index: int
    lost_digest: bytes = b""
    """Empty: it ended done. Else it was taken back with this loss."""


@dataclass(frozen=True, slots=True)
class EndedActs:
    """What some entries say."""

    acts: tuple[EndedAct, ...]
    next_index: int
    size: int


@dataclass(frozen=True, kw_only=True)
class ListEndedActs:
    """Lists ended acts."""

    writer: Writer
    log: Log

    def __call__(self, from_index: int) -> EndedActs:
        """Return what the next entries from an index on say of acts that wrote, or were to write, statements."""
        published = self.writer.published()
        end = max(from_index, min(published.size, from_index + MOST))
        said: list[EndedAct] = []
        for stored in self.log.entries(from_index, end):
            _, body = published.keyring.open_body(stored.index, stored.sealed)
            draft = entry_format.decode(body).draft
            said += _said(draft.effect, draft.rule, stored.index)
        # The ledger's own acts settle alike, and the directory has never heard of them.
        others = self.writer.write(_ActsThatWrite(tuple(one.act_id for one in said)))
        return EndedActs(tuple(one for one in said if one.act_id in others), end, published.size)


def _said(effect: Effect | None, rule: str, index: int) -> Iterable[EndedAct]:
    match effect:
        case ActSettled(act_id, True) if rule == ActState.DONE.name:
            yield EndedAct(act_id, index)
        case HeadsLowered(act_id, lost_digest):
            yield EndedAct(act_id, index, lost_digest)
        case _:
            pass


@dataclass(frozen=True)
class _ActsThatWrite:
    """Which of these acts wrote statements; the batch it is decided in proves that nobody else leads."""

    wanted: tuple[bytes, ...]

    def act_ids(self, _: Keyring) -> Iterable[bytes]:
        """Return the acts."""
        return self.wanted

    def numbers(self, _: Keyring, __: Mapping[bytes, Act]) -> Iterable[int]:
        """Return nothing: whose statements, nobody asks."""
        return ()

    def decide(self, batch: Batch) -> Decision[frozenset[bytes]]:
        """Return those that wrote."""
        found = frozenset(name for name in self.wanted if name in batch.acts and batch.acts[name].written)
        return Decision(answer=lambda _: found)
