"""A mediator is done: until another colleague is named, this session looks at nothing."""

from __future__ import annotations

from dataclasses import dataclass

from services.identity.domain.acts import ChangeOfMediation, Outcome
from services.identity.domain.standing import Party
from services.identity.use_cases.change_person import acting
from services.identity.use_cases.three_steps import Plan, ThreeSteps
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class EndMediation:
    """The ledger refuses every look from the entry on."""

    three_steps: ThreeSteps

    def __call__(self, caller: Caller, key: str) -> Outcome:
        """Return how the act ended; where nobody was named, nothing changes."""
        session = acting(caller).sid or ""
        plan = Plan(subject=Party("mediation", session), effect=ChangeOfMediation(session=session))
        return self.three_steps(caller, key, lambda: plan)
