"""The sweeper: acts of ours that nobody settled within ten seconds are ended here and settled as they ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from services.directory.ports import Outcome, Records, Settlements
from services.runtime.errors import ServiceError

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class SettleActs:
    """Drives interrupted acts on; idempotent, and safe against a stalled process that wakes later."""

    settlements: Settlements
    records: Records
    unsettled: Callable[[int], None] = lambda _: None
    """Is told how many acts were found."""

    def __call__(self) -> None:
        """Settle what waits; an act that cannot be settled is left for the next round."""
        settled = 0
        found = self.settlements.unsettled_acts()
        self.unsettled(len(found))
        for act_id in found:
            try:
                # Whoever began the act collides with this row when it wakes, and cannot commit.
                outcome = self.records.end(act_id, Outcome.CANCELLED)
                self.settlements.settle(act_id, is_done=outcome is Outcome.DONE)
            except ServiceError as error:
                log.warning("act_not_settled", extra={"reason": error.reason})
            else:
                settled += 1
        if settled:
            log.info("acts_settled", extra={"count": settled})
