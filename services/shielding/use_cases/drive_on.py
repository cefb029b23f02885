"""The sweeper: drives on what a crash left between two steps."""

import logging
from collections.abc import Callable
from dataclasses import dataclass

from services.runtime.errors import NotAuthenticated, ServiceError
from services.shielding.ports import Cases, Entered, Ledger, Pending
from services.shielding.use_cases.take_step import MAY_HAVE_HAPPENED

log = logging.getLogger(__name__)

LEFT_BEHIND_SECONDS = 10.0
"""Longer than any call may take, so that nothing is driven on that is still on its way."""


@dataclass(frozen=True, kw_only=True)
class DriveOn:
    """Takes every step that began and did not end to its end, whichever that is."""

    cases: Cases
    ledger: Ledger
    left_behind_seconds: float = LEFT_BEHIND_SECONDS
    left_behind: Callable[[int], None] = lambda _: None
    """Is told how many steps were found."""

    def __call__(self) -> None:
        found = self.cases.left_behind(self.left_behind_seconds)
        self.left_behind(len(found))
        for pending in found:
            try:
                self._end(pending, self._resumed(pending))
            except ServiceError as error:
                # The others are driven on all the same, and this one at the next round.
                log.warning("step_not_driven_on", extra={"reason": error.reason})
        self.cases.forget_old_readings()

    def _resumed(self, pending: Pending) -> Entered | None:
        try:
            return self.ledger.resume(pending)
        except (*MAY_HAVE_HAPPENED, NotAuthenticated):
            # NotAuthenticated: the ledger does not know the token's key any more, so it has not looked for the act.
            raise
        except ServiceError:
            # An act that had been entered would have been found before anything could be refused.
            return None

    def _end(self, pending: Pending, entered: Entered | None) -> None:
        if entered is None:
            self.cases.drop(pending)
        else:
            self.cases.settle(pending, entered)
