"""An administrator has a new link and a new code sent for a person without factors; the old ones die."""

from __future__ import annotations

from dataclasses import dataclass

from services.identity.domain.acts import NewLink, Note, Outcome
from services.identity.errors import AlreadyEnrolled
from services.identity.use_cases.change_person import ChangePerson, acting
from services.identity.use_cases.three_steps import Plan
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class RenewEnrolment:
    """Both go where the first ones went: an administrator cannot turn them aside."""

    change_person: ChangePerson

    def __call__(self, caller: Caller, key: str, *, person: str) -> Outcome:
        """Return how the act ended; raises AlreadyEnrolled for a person with a factor."""

        def plan() -> Plan:
            stored = self.change_person.reached(caller, person)
            if stored.standing.factors:
                raise AlreadyEnrolled
            return Plan(
                subject=stored.standing.party,
                effect=Note(),
                addition=NewLink(person=person, vouched_by=acting(caller).sub or ""),
            )

        return self.change_person.three_steps(caller, key, plan)
