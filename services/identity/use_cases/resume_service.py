"""A stopped service goes on: one custodian asks, another one confirms within a day."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.identity import standing_format
from services.identity.domain import conditions, roles
from services.identity.domain.acts import ChangeOfStanding, Outcome
from services.identity.domain.standing import ServiceStanding
from services.identity.errors import SecondCustodianNeeded, ServiceNotStopped
from services.identity.ports import Parties
from services.identity.use_cases.change_person import acting
from services.identity.use_cases.three_steps import Plan, ThreeSteps
from services.runtime.caller import Caller
from services.runtime.clock import Clock

ASKED_HOLDS = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class Resumption:
    """One custodian's word, and how the service stands now."""

    outcome: Outcome
    is_stopped: bool


@dataclass(frozen=True, kw_only=True)
class ResumeService:
    """Who asked stands in the service's own standing, which the ledger knows by its hash: no row makes a second one."""

    parties: Parties
    three_steps: ThreeSteps
    clock: Clock

    def __call__(self, caller: Caller, key: str) -> Resumption:
        """Return how it stands; raises ServiceNotStopped, and SecondCustodianNeeded for who asked before."""
        outcome = self.three_steps(caller, key, lambda: self._plan(caller))
        now = self.parties.service()
        return Resumption(outcome=outcome, is_stopped=now is None or now.standing.is_stopped)

    def _plan(self, caller: Caller) -> Plan:
        stored, person = self.parties.service(), acting(caller).sub or ""
        if stored is None or not stored.standing.is_stopped:
            raise ServiceNotStopped
        after = replace(self._after(stored.standing, person), revision=stored.standing.revision + 1)
        content = standing_format.write(after)
        effect = ChangeOfStanding(
            party=after.party,
            previous_digest=stored.digest,
            standing=content,
            digest=standing_format.digest(content),
            change="RESUMPTION_ASKED" if after.is_stopped else "RESUMED",
        )
        return Plan(subject=after.party, effect=effect)

    def _after(self, before: ServiceStanding, person: str) -> ServiceStanding:
        now, asked_at = self.clock.now(), before.resumption_asked_at
        if asked_at is None or now >= asked_at + ASKED_HOLDS or not self._speaks(before, now):
            return replace(before, resumption_asked_by=person, resumption_asked_at=now)
        if before.resumption_asked_by == person:
            raise SecondCustodianNeeded
        return replace(before, is_stopped=False, resumption_asked_by="", resumption_asked_at=None)

    def _speaks(self, before: ServiceStanding, now: datetime) -> bool:
        """Whether who asked is a custodian still: a thief's word goes with the account that was suspended."""
        asked = self.parties.person(before.resumption_asked_by)
        organisation = self.parties.organisation(asked.standing.organisation) if asked else None
        if asked is None or organisation is None or roles.CUSTODIAN not in asked.standing.roles_at(now):
            return False
        failing = conditions.lapsed(asked.standing, organisation.standing, before, now)
        return all(condition is conditions.Condition.POLICY for condition in failing)
