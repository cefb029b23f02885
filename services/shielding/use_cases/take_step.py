"""The three steps of every act of shielding: the own row, the ledger, the row again."""

from dataclasses import dataclass

from services.runtime.errors import (
    Busy,
    DeadlineTooShort,
    DependencyUnavailable,
    LedgerBehind,
    LedgerGapOpen,
    ServiceError,
)
from services.shielding.domain import Step
from services.shielding.ports import Act, Asked, Cases, Child, Ledger, Pending, Receipt

MAY_HAVE_HAPPENED = (Busy, DeadlineTooShort, DependencyUnavailable, LedgerBehind, LedgerGapOpen)
"""After these nobody here knows whether the ledger has entered an act. Any other error is its plain no."""


@dataclass(frozen=True, kw_only=True)
class TakeStep:
    """Makes of a case what a step says, so that a crash anywhere leaves something that is driven on."""

    cases: Cases
    ledger: Ledger

    def __call__(self, asked: Asked, step: Step, child: Child) -> Receipt:
        """Return the act's receipt once it is in effect everywhere.

        Raises BeingChanged, KeyReused, ActGivenUp, and whatever the ledger refuses with.
        """
        done = self.cases.done(asked)
        if done is not None:
            return done
        # 1. The row first: a child is never closed without an officer's list hearing of it.
        begun = self.cases.begin(
            Pending(
                name=asked.name,
                digest=asked.digest,
                token=asked.token,
                step=step,
                act=Act(
                    idempotency_key=asked.idempotency_key, child=child, closes=step.closes, is_interim=step.is_interim
                ),
                known_index=self.ledger.newest_index(),
            )
        )
        # 2. The ledger: entry and effect are one transaction there.
        try:
            entered = self.ledger.enter(begun.pending.act, known_index=begun.pending.known_index)
        except MAY_HAVE_HAPPENED:
            raise
        except ServiceError:
            # Whoever may no longer do this may have done it a moment ago: then the sweeper asks how that ended.
            if not begun.is_repeated:
                self.cases.drop(begun.pending)
            raise
        # 3. The row again.
        self.cases.settle(begun.pending, entered)
        return entered.receipt
