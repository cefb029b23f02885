"""The operator stops the whole service: from its return on nobody reaches anything about a child."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, replace
from enum import Enum

from services.identity import standing_format
from services.identity.domain.acts import NO_PERSON, ActName, ChangeOfStanding, PendingAct, Receipt, Shape
from services.identity.errors import NotFounded
from services.identity.ports import Acts, Ledger, Parties
from services.identity.use_cases.three_steps import ThreeSteps
from services.runtime.clock import Clock
from services.runtime.errors import BeingChanged

METHOD = "stop-service"
# A custodian's act that a crash left half done is driven on after seconds; a stop waits for that, and for no longer.
_TRIES = 40
_PAUSE_SECONDS = 0.5


class StopReason(Enum):
    """Why; what happened is told elsewhere."""

    SUSPECTED_BREACH = "SUSPECTED_BREACH"
    DEFECT = "DEFECT"
    DRILL = "DRILL"


@dataclass(frozen=True, kw_only=True)
class StopService:
    """Takes one person, no session and no permission; whoever can run it could also switch the machines off."""

    parties: Parties
    acts: Acts
    ledger: Ledger
    clock: Clock
    pause_seconds: float = _PAUSE_SECONDS

    def __call__(self, reason: StopReason) -> Receipt:
        """Return the entry's receipt; raises NotFounded, BeingChanged, and what the ledger refuses with.

        A service that is stopped is stopped again: a resumption that one custodian has asked for is void then.
        """
        for _ in range(_TRIES):
            try:
                return self._stopped(reason)
            except BeingChanged:
                time.sleep(self.pause_seconds)
        return self._stopped(reason)

    def _stopped(self, reason: StopReason) -> Receipt:
        stored = self.parties.service()
        if stored is None:
            raise NotFounded
        after = replace(
            stored.standing,
            is_stopped=True,
            resumption_asked_by="",
            resumption_asked_at=None,
            revision=stored.standing.revision + 1,
        )
        content = standing_format.write(after)
        act = PendingAct(
            name=ActName(NO_PERSON, METHOD, str(uuid.uuid4())),
            request_digest=b"",
            subject=after.party,
            shape=Shape.STOP,
            effect=ChangeOfStanding(
                party=after.party,
                previous_digest=stored.digest,
                standing=content,
                digest=standing_format.digest(content),
                change=f"STOPPED_{reason.value}",
            ),
            started_at=self.clock.now(),
        )
        self.acts.prepare(act)
        steps = ThreeSteps(acts=self.acts, ledger=self.ledger, clock=self.clock)
        return steps.drive(act, is_ours=True).receipt
