"""What is lost is taken back in the ledger, part by part, so that the versions held here are the newest again."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain.losses import Loss
from services.directory.restore_ports import EndedActs


@dataclass(frozen=True, kw_only=True)
class MendedStore:
    """What became of the statements that the lost acts wrote."""

    lowered: int
    """Readable again, in the version before."""
    closed: int
    """Closed until somebody writes them anew: nobody knows which version stood before."""


@dataclass(frozen=True, kw_only=True)
class MendStore:
    """Takes lost acts back; what a crash has left is gone on with the next time."""

    ended: EndedActs

    def __call__(self, loss: Loss) -> MendedStore:
        """Return what became of it; raises LossNotAccepted unless two custodians have accepted exactly this loss."""
        lowered = closed = 0
        # The newest part first: an older act finds the version that it wrote only when newer ones are taken back.
        for part in loss.parts:
            remaining = 1
            while remaining:
                some = self.ended.take_back(part, loss)
                lowered, closed, remaining = lowered + some.lowered, closed + some.closed, some.remaining
        return MendedStore(lowered=lowered, closed=closed)
