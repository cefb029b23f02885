"""The three steps of every act of shielding: the own row, the ledger, the row again."""

from dataclasses import dataclass

from services.shielding.domain import Step
from services.shielding.errors import ChildNotFound
from services.shielding.ports import Act, Cases, Ledger, Pending, Receipt


@dataclass(frozen=True, kw_only=True)
class TakeStep:
    """Makes of a case what a step says, so that a crash anywhere leaves something that is driven on."""

    cases: Cases
    ledger: Ledger

    def __call__(self, step: Step, act: Act, token: str) -> Receipt:
        """Return the act's receipt once it is in effect everywhere; raises BeingChanged or ChildNotFound."""
        pending = Pending(step=step, act=act, token=token)
        # 1. The row first: a child is never closed without an officer's list knowing of it.
        self.cases.begin(pending)
        # 2. The ledger: entry and effect are one transaction there.
        try:
            entered = self.ledger.enter(act)
        except ChildNotFound:
            self.cases.drop(pending)
            raise
        # 3. The row again.
        self.cases.settle(step, act, entered.number)
        return entered.receipt
