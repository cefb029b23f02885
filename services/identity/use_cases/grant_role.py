"""An administrator grants a person a role, for a stated need, until a date."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.identity.domain import roles
from services.identity.domain.acts import Outcome
from services.identity.domain.standing import Grant, PersonStanding
from services.identity.errors import RolesConflict
from services.identity.use_cases.change_person import ChangePerson, acting
from services.runtime.caller import Caller
from services.runtime.errors import InvalidRequest, NotPermitted

LONGEST = timedelta(days=3 * 366)


@dataclass(frozen=True, kw_only=True)
class GrantRole:
    """Nobody grants themselves a role, nor one that reaches further than their own, nor two that do not go together."""

    change_person: ChangePerson

    def __call__(self, caller: Caller, key: str, *, person: str, role: str, expires_at: datetime, need: str) -> Outcome:
        """Return how the act ended; a role held already is granted anew."""
        act = acting(caller)
        now = self.change_person.clock.now()
        if not roles.may_grant(act.rol or "", role):
            raise NotPermitted
        if not now < expires_at <= now + LONGEST:
            raise InvalidRequest([("expires_at", "OUT_OF_RANGE")])

        def granted(standing: PersonStanding) -> PersonStanding:
            kept = tuple(grant for grant in standing.grants if grant.role != role and now < grant.expires_at)
            grant = Grant(role=role, expires_at=expires_at, granted_by=act.sub or "", need=need)
            if not roles.go_together([*(one.role for one in kept), role]):
                raise RolesConflict
            if len(kept) >= roles.MOST_ROLES:
                raise InvalidRequest([("role", "TOO_MANY")])
            return replace(standing, grants=(*kept, grant))

        return self.change_person(caller, key, person, "ROLE_GRANTED", granted)
