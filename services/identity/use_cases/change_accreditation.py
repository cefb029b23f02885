"""A national administrator moves an organisation to another state of accreditation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.identity import standing_format
from services.identity.domain.acts import ChangeOfStanding, Outcome
from services.identity.domain.standing import Accreditation
from services.identity.errors import OrganisationWithdrawn
from services.identity.ports import Parties
from services.identity.use_cases.three_steps import Plan, ThreeSteps
from services.runtime.caller import Caller
from services.runtime.clock import Clock
from services.runtime.errors import InvalidRequest, NotFound

LONGEST = timedelta(days=5 * 366)


@dataclass(frozen=True, kw_only=True)
class ChangeAccreditation:
    """It gates all its people and systems on their very next call."""

    parties: Parties
    three_steps: ThreeSteps
    clock: Clock

    def __call__(
        self, caller: Caller, key: str, *, organisation: str, state: Accreditation, expires_at: datetime
    ) -> Outcome:
        """Return how the act ended; raises NotFound, OrganisationWithdrawn, InvalidRequest (beyond five years)."""
        if expires_at > self.clock.now() + LONGEST:
            raise InvalidRequest([("expires_at", "OUT_OF_RANGE")])

        def plan() -> Plan:
            stored = self.parties.organisation(organisation)
            if stored is None:
                raise NotFound
            if stored.standing.state is Accreditation.WITHDRAWN:
                raise OrganisationWithdrawn
            after = replace(stored.standing, state=state, expires_at=expires_at, revision=stored.standing.revision + 1)
            content = standing_format.write(after)
            effect = ChangeOfStanding(
                party=after.party,
                previous_digest=stored.digest,
                standing=content,
                digest=standing_format.digest(content),
                change=f"ACCREDITATION_{state.value}",
            )
            return Plan(subject=after.party, effect=effect)

        return self.three_steps(caller, key, plan)
