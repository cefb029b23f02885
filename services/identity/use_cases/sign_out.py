"""A person ends this session."""

from __future__ import annotations

from dataclasses import dataclass

from services.identity.domain.acts import EndOfSessions, Outcome
from services.identity.domain.standing import Party
from services.identity.use_cases.change_person import acting
from services.identity.use_cases.three_steps import Plan, ThreeSteps
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class SignOut:
    """The ledger refuses every token of the session from the entry on."""

    three_steps: ThreeSteps

    def __call__(self, caller: Caller, key: str) -> Outcome:
        """Return how the act ended."""
        act = acting(caller)
        person = act.sub or ""
        ending = EndOfSessions(person=person, tags=(act.sid or "",))
        return self.three_steps(caller, key, lambda: Plan(subject=Party("sessions", person), effect=ending))
