"""What the operator's command in a restored directory needs from outside, and what each promises."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from services.directory.domain.losses import EndedAct, Loss


@dataclass(frozen=True, slots=True)
class EndedPage:
    """What some entries of the log say of acts of this directory."""

    acts: tuple[EndedAct, ...]
    next_index: int
    size: int


@dataclass(frozen=True, slots=True)
class TakenBack:
    """How far one part of a loss is."""

    lowered: int
    closed: int
    remaining: int


class EndedActs(Protocol):
    """What the ledger knows of acts that ended: for a directory that was restored."""

    def after(self, from_index: int) -> EndedPage:
        """Return what the next entries from an index on say. Raises LedgerBehind, DependencyUnavailable."""
        ...

    def take_back(self, part: Sequence[EndedAct], loss: Loss) -> TakenBack:
        """Take some acts of one part of a loss back. Raises LossNotAccepted, BeingChanged, DependencyUnavailable."""
        ...


class HeldActs(Protocol):
    """Which acts this database knows to have ended."""

    def done_among(self, act_ids: Collection[bytes]) -> frozenset[bytes]:
        """Return those that ended done here."""
        ...
