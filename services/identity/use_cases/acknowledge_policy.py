"""A person acknowledges the policy that stands now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.identity.domain.acts import Outcome
from services.identity.errors import PolicyNotCurrent
from services.identity.use_cases.change_person import ChangePerson, acting
from services.runtime.caller import Caller
from services.runtime.errors import DependencyUnavailable


@dataclass(frozen=True, kw_only=True)
class AcknowledgePolicy:
    """The one condition that everybody mends alone."""

    change_person: ChangePerson

    def __call__(self, caller: Caller, key: str, *, policy_version: int) -> Outcome:
        """Return how the act ended; raises PolicyNotCurrent for a version that is not the one of now."""
        service = self.change_person.parties.service()
        if service is None:
            raise DependencyUnavailable
        if policy_version != service.standing.policy_version:
            raise PolicyNotCurrent
        return self.change_person(
            caller,
            key,
            acting(caller).sub or "",
            "POLICY_ACKNOWLEDGED",
            lambda standing: replace(standing, conditions=replace(standing.conditions, policy_version=policy_version)),
            is_own=True,
        )
