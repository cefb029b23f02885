"""A national administrator registers a system of an organisation, by the id that its certificate carries."""

from __future__ import annotations

from dataclasses import dataclass

from services.identity import standing_format
from services.identity.domain.acts import ChangeOfStanding, NewSystem, Outcome
from services.identity.domain.standing import SystemPurpose, SystemStanding
from services.identity.errors import SystemKnown
from services.identity.ports import Parties
from services.identity.use_cases.three_steps import Plan, ThreeSteps
from services.runtime.caller import Caller
from services.runtime.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class RegisterSystem:
    """A certificate that no registered system has is worth nothing."""

    parties: Parties
    three_steps: ThreeSteps

    def __call__(
        self, caller: Caller, key: str, *, system: str, organisation: str, purpose: SystemPurpose, name: str
    ) -> Outcome:
        """Return how the act ended; raises NotFound for an unknown organisation, SystemKnown for a known system."""

        def plan() -> Plan:
            if self.parties.organisation(organisation) is None:
                raise NotFound
            if self.parties.system(system) is not None:
                raise SystemKnown
            standing = SystemStanding(system=system, organisation=organisation, purpose=purpose)
            content = standing_format.write(standing)
            effect = ChangeOfStanding(
                party=standing.party,
                previous_digest=b"",
                standing=content,
                digest=standing_format.digest(content),
                change="SYSTEM_REGISTERED",
            )
            return Plan(subject=standing.party, effect=effect, addition=NewSystem(name=name, organisation=organisation))

        return self.three_steps(caller, key, plan)
