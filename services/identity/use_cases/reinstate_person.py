"""An administrator lifts a suspension, and opens an account that wrong codes have closed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.identity.domain.acts import Outcome, Unlock
from services.identity.use_cases.change_person import ChangePerson
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class ReinstatePerson:
    """The person comes back with the same factors: nobody learns or sets a secret."""

    change_person: ChangePerson

    def __call__(self, caller: Caller, key: str, *, person: str) -> Outcome:
        """Return how the act ended."""
        return self.change_person(
            caller,
            key,
            person,
            "REINSTATED",
            lambda standing: replace(standing, is_suspended=False),
            addition=Unlock(person=person),
        )
