"""Children whose cases a restore has lost come back onto an officer's list, to be decided once more."""

from __future__ import annotations

from dataclasses import dataclass

from services.runtime.clock import Clock
from services.shielding.losses import LoggedStep, Loss, RecoveredStep, cases_of
from services.shielding.ports import Receipt
from services.shielding.restore_ports import HeldSteps, LoggedSteps, PutOnList


@dataclass(frozen=True, kw_only=True)
class MendStore:
    """Makes cases anew; nothing opens or closes by it."""

    logged: LoggedSteps
    held: HeldSteps
    clock: Clock

    def __call__(self, loss: Loss) -> PutOnList:
        """Return what became of it; raises LossNotAccepted unless two custodians have accepted exactly this loss."""
        told: list[RecoveredStep] = []
        settled: list[tuple[LoggedStep, Receipt]] = []
        newest: Receipt | None = None
        for part in loss.parts:
            at = 0
            while at < len(part):
                some = self.logged.recover(part, at, loss)
                told += some.steps
                settled += [(part[at + n], one.receipt) for n, one in enumerate(some.steps)]
                newest, at = some.receipt, at + len(some.steps)
        if newest is None:
            raise ValueError("a loss of nothing")
        return self.held.put_on_list(cases_of(told, self.clock.now()), settled, newest)
