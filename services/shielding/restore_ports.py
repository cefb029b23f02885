"""What the operator's command in a restored shielding needs from outside, and what each promises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.shielding.losses import LoggedStep, Loss, RecoveredCase, RecoveredStep
from services.shielding.ports import Receipt


@dataclass(frozen=True, slots=True)
class LoggedPage:
    """What some entries of the log say of shields."""

    steps: tuple[LoggedStep, ...]
    next_index: int
    size: int


@dataclass(frozen=True, slots=True)
class Told:
    """Some of the steps of a part, in its order."""

    steps: tuple[RecoveredStep, ...]
    receipt: Receipt
    """Of the newest entry that says so."""


@dataclass(frozen=True, slots=True)
class PutOnList:
    """What became of lost steps."""

    made: int
    """Cases made anew."""
    held: int
    """Children whose case is held, as it was before the lost steps: it waits."""


class LoggedSteps(Protocol):
    """What the ledger knows of steps of shields: for a shielding that was restored."""

    def after(self, from_index: int) -> LoggedPage:
        """Return what the next entries from an index on say. Raises LedgerBehind, DependencyUnavailable."""
        ...

    def recover(self, part: Sequence[LoggedStep], position: int, loss: Loss) -> Told:
        """Return what is known of the next steps of one part. Raises LossNotAccepted, DependencyUnavailable."""
        ...


class HeldSteps(Protocol):
    """Which steps this database holds."""

    def indexes(self) -> frozenset[int]:
        """Return the places in the log of all steps that are settled here."""
        ...

    def put_on_list(
        self, cases: Sequence[RecoveredCase], steps: Sequence[tuple[LoggedStep, Receipt]], newest: Receipt
    ) -> PutOnList:
        """Make cases where none is held of the child, and hold the steps from now on: all of it, or nothing."""
        ...
