"""The end that all acts with their effect here have in common: settled with the ledger, then answered or refused."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from services.directory.errors import ActGivenUp, ProviderTaken, RecordFull
from services.directory.ports import ActState, Outcome, Settlements
from services.runtime.errors import DependencyUnavailable, NotFound, ServiceError

log = logging.getLogger(__name__)

_REFUSALS: dict[Outcome, type[ServiceError]] = {
    Outcome.CANCELLED: ActGivenUp,
    Outcome.NOT_FOUND: NotFound,
    Outcome.RECORD_FULL: RecordFull,
    Outcome.PROVIDER_TAKEN: ProviderTaken,
}


@dataclass(frozen=True, kw_only=True)
class ConcludeAct:
    """Settles an act as it ended here."""

    settlements: Settlements

    def __call__(self, act_id: bytes, state: ActState, outcome: Outcome | None) -> None:
        """Return once the act is done and settled; raises how it was refused, alike in every retry.

        `outcome` is how it ended in this database: None if it did not, as with an act the ledger gave up before.
        """
        if state is ActState.PENDING and outcome is not None:
            state = self.settlements.settle(act_id, is_done=outcome is Outcome.DONE)
        if (state is ActState.DONE) != (outcome is Outcome.DONE):
            # The ledger and this database disagree about the past: one of them is an older copy. Nothing is shown.
            log.error("act_contradicted", extra={"state": state.name})
            raise DependencyUnavailable
        refuse_unless_done(outcome)


def refuse_unless_done(outcome: Outcome | None) -> None:
    """Raise how an act was refused, unless it is done; for one that needs no settling, this is its whole end."""
    if outcome is not Outcome.DONE:
        raise _REFUSALS[outcome or Outcome.CANCELLED]
