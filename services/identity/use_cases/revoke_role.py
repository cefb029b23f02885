"""An administrator takes a role back from a person."""

from __future__ import annotations

from dataclasses import dataclass, replace

from services.identity.domain import roles
from services.identity.domain.acts import Outcome
from services.identity.domain.standing import PersonStanding
from services.identity.use_cases.change_person import ChangePerson, acting
from services.runtime.caller import Caller
from services.runtime.errors import NotFound, NotPermitted


@dataclass(frozen=True, kw_only=True)
class RevokeRole:
    """The role is worth nothing from the entry on."""

    change_person: ChangePerson

    def __call__(self, caller: Caller, key: str, *, person: str, role: str) -> Outcome:
        """Return how the act ended; raises NotFound if the person does not hold the role."""
        if not roles.may_grant(acting(caller).rol or "", role):
            raise NotPermitted

        def revoked(standing: PersonStanding) -> PersonStanding:
            kept = tuple(grant for grant in standing.grants if grant.role != role)
            if kept == standing.grants:
                raise NotFound
            return replace(standing, grants=kept)

        return self.change_person(caller, key, person, "ROLE_REVOKED", revoked)
