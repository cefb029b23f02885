"""How an act with its effect in the ledger is done: written down whole, entered, made current (architecture.md 2)."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from services.identity.domain.acts import NO_PERSON, ActName, Addition, Effect, Outcome, PendingAct, SettledAct, Shape
from services.identity.domain.standing import Party
from services.identity.ports import Acts, Ledger
from services.runtime.caller import Caller
from services.runtime.clock import Clock
from services.runtime.errors import BeingChanged, KeyReused, NotAuthenticated, ServiceError

# The ledger says these only when it has entered nothing.
NOTHING_ENTERED = frozenset(
    {
        "ABORTED",
        "ALREADY_EXISTS",
        "FAILED_PRECONDITION",
        "INVALID_ARGUMENT",
        "NOT_FOUND",
        "PERMISSION_DENIED",
        "UNAUTHENTICATED",
    }
)
_PAUSE_SECONDS = 0.1


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What an act will do, decided from the standings of now."""

    subject: Party
    effect: Effect
    addition: Addition | None = None


@dataclass(frozen=True, kw_only=True)
class ThreeSteps:
    """Does an act once, however often it is asked for, and whoever has to drive it on."""

    acts: Acts
    ledger: Ledger
    clock: Clock
    pause_seconds: float = _PAUSE_SECONDS

    def __call__(self, caller: Caller, key: str, plan: Callable[[], Plan]) -> Outcome:
        """Return how the act ended; a retry returns what the first time returned.

        Raises KeyReused for other bytes under the same key, BeingChanged while another act has the subject, whatever
        `plan` raises, and the ledger's refusal.
        """
        if caller.act is None or caller.act.sub is None or caller.token is None:
            raise NotAuthenticated
        name = ActName(caller.act.sub or NO_PERSON, caller.method, key)

        def begun() -> PendingAct:
            made = plan()
            return PendingAct(
                name=name,
                request_digest=caller.digest,
                subject=made.subject,
                shape=Shape.TOKEN,
                effect=made.effect,
                addition=made.addition,
                token=caller.token,
                started_at=self.clock.now(),
            )

        found, is_ours = self._found_or_begun(name, begun)
        if found.request_digest != caller.digest:
            raise KeyReused
        return found.outcome if isinstance(found, SettledAct) else self.drive(found, is_ours=is_ours)

    def drive(self, act: PendingAct, *, is_ours: bool) -> Outcome:
        """Take a pending act through the ledger and make it current; `is_ours`: nobody can have sent it before."""
        try:
            entered = self.ledger.enter(act, is_retry=not is_ours)
        except ServiceError as refusal:
            if refusal.status not in NOTHING_ENTERED:
                # Entered or not, nobody knows yet: the sweeper finds out.
                raise
            if not is_ours:
                entered = self.ledger.resume(act)
                if entered.receipt is not None:
                    return self.acts.settle(act, entered.receipt)
            self.acts.give_up(act)
            raise
        if entered.receipt is None:
            self.acts.give_up(act)
            raise BeingChanged
        return self.acts.settle(act, entered.receipt)

    def _found_or_begun(self, name: ActName, begun: Callable[[], PendingAct]) -> tuple[PendingAct | SettledAct, bool]:
        """Return the act and whether it was begun here and now."""
        for attempt in range(2):
            found = self.acts.find(name)
            if found is not None:
                return found, False
            act = begun()
            try:
                self.acts.prepare(act)
            except BeingChanged:
                if attempt:
                    raise
                # Most acts last some milliseconds: one repetition usually meets none.
                time.sleep(self.pause_seconds)
            else:
                return act, True
        raise BeingChanged
