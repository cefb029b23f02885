"""A national administrator enters an organisation, as having applied."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from services.identity import standing_format
from services.identity.domain.acts import ChangeOfStanding, NewOrganisation, Outcome
from services.identity.domain.standing import Accreditation, OrganisationStanding
from services.identity.use_cases.three_steps import Plan, ThreeSteps
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class RegisterOrganisation:
    """Nobody of it gets in before it is accredited and live."""

    three_steps: ThreeSteps

    def __call__(self, caller: Caller, key: str, *, name: str, kind: str, authority: str) -> Outcome:
        """Return how the act ended; its party is the new organisation."""

        def plan() -> Plan:
            standing = OrganisationStanding(
                organisation=str(uuid.uuid4()), state=Accreditation.APPLIED, expires_at=None, authority=authority
            )
            content = standing_format.write(standing)
            effect = ChangeOfStanding(
                party=standing.party,
                previous_digest=b"",
                standing=content,
                digest=standing_format.digest(content),
                change="ORGANISATION_REGISTERED",
            )
            return Plan(
                subject=standing.party,
                effect=effect,
                addition=NewOrganisation(name=name, kind=kind, authority=authority),
            )

        return self.three_steps(caller, key, plan)
