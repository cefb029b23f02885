"""A restored shielding is held against the log: children closed since its moment are on no officer's list."""

from __future__ import annotations

from dataclasses import dataclass

from services.shielding.losses import LoggedStep, Loss
from services.shielding.restore_ports import HeldSteps, LoggedSteps


@dataclass(frozen=True, kw_only=True)
class StoreCheck:
    """What was compared, and what is lost."""

    from_index: int
    size: int
    """How many entries the log has."""
    steps: int
    loss: Loss | None


@dataclass(frozen=True, kw_only=True)
class CheckStore:
    """Compares the steps settled here, of which none is ever forgotten, with the entries since a copy."""

    logged: LoggedSteps
    held: HeldSteps

    def __call__(self, from_index: int) -> StoreCheck:
        """Return what is lost of the steps that entries from an index on tell."""
        said: list[LoggedStep] = []
        at, size = from_index, from_index + 1
        while at < size:
            page = self.logged.after(at)
            said += page.steps
            if page.next_index <= at:
                break
            at, size = page.next_index, page.size
        held = self.held.indexes()
        lost = [one for one in said if one.index not in held]
        return StoreCheck(from_index=from_index, size=at, steps=len(said), loss=Loss.of(lost) if lost else None)
