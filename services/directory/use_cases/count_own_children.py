"""How many own current involvements a practitioner has, and how many are due: for a start page."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain.record import due_before
from services.directory.ports import Ledger, OwnCount
from services.runtime.caller import Caller
from services.runtime.clock import Clock


@dataclass(frozen=True, kw_only=True)
class CountOwnChildren:
    """The same counts as the list has, and no child."""

    ledger: Ledger
    clock: Clock

    def __call__(self, caller: Caller) -> OwnCount:
        """Return the counts; raises what the ledger refuses with."""
        del caller  # the ledger takes the person from the token that goes on with the call
        return self.ledger.count_own_involvements(due_before=due_before(self.clock.now()))
