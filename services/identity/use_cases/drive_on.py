"""The sweeper: drives acts on that a crash, or a ledger that did not answer, has stopped."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import timedelta

from services.identity.domain.acts import PendingAct
from services.identity.ports import Acts, Ledger
from services.runtime.clock import Clock
from services.runtime.errors import BeingChanged, ServiceError

log = logging.getLogger(__name__)

# Longer than any call lives: whoever began it has answered, or never will.
STOPPED_AFTER = timedelta(seconds=6)
_NOT_SAID = frozenset({"UNAVAILABLE", "DEADLINE_EXCEEDED", "RESOURCE_EXHAUSTED", "INTERNAL"})


@dataclass(frozen=True, kw_only=True)
class DriveOn:
    """Asks the ledger for good whether a stopped act was entered, and settles it as the answer says."""

    acts: Acts
    ledger: Ledger
    clock: Clock

    def __call__(self) -> int:
        """Return how many acts were brought to an end."""
        ended = 0
        for act in self.acts.pending_since(self.clock.now() - STOPPED_AFTER):
            try:
                ended += self._end(act)
            except ServiceError as error:
                # The next round asks again; the other acts need not wait for it.
                log.warning("act_not_driven_on", extra={"reason": error.reason})
        return ended

    def _end(self, act: PendingAct) -> bool:
        try:
            entered = self.ledger.resume(act)
        except ServiceError as refusal:
            if refusal.status in _NOT_SAID or act.token is not None:
                raise
            # An enrolment's or founding's word is final: what the ledger refuses now it never took.
            entered = None
        if entered is None or entered.receipt is None:
            self.acts.give_up(act)
            log.info("act_given_up")
            return True
        try:
            self.acts.settle(act, entered.receipt)
        except BeingChanged:
            return False
        log.info("act_driven_on")
        return True
