"""What every change of a person's standing has in common: reach, not oneself, a new revision, sessions that end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from services.identity import standing_format
from services.identity.domain import conditions, roles
from services.identity.domain.acts import Addition, ChangeOfStanding, Outcome
from services.identity.domain.standing import PersonStanding, Stored
from services.identity.errors import NotOneself
from services.identity.ports import Parties
from services.identity.use_cases.three_steps import Plan, ThreeSteps
from services.runtime.caller import Caller
from services.runtime.clock import Clock
from services.runtime.errors import NotAuthenticated, NotFound
from services.runtime.tokens import Act


def acting(caller: Caller) -> Act:
    """Return what the token of a person's call says; raises NotAuthenticated without one."""
    if caller.act is None or caller.act.sub is None:
        raise NotAuthenticated
    return caller.act


@dataclass(frozen=True, kw_only=True)
class ChangePerson:
    """Replaces a person's standing by another."""

    parties: Parties
    three_steps: ThreeSteps
    clock: Clock

    def __call__(
        self,
        caller: Caller,
        key: str,
        person: str,
        change: str,
        alter: Callable[[PersonStanding], PersonStanding],
        *,
        addition: Addition | None = None,
        is_own: bool = False,
    ) -> Outcome:
        """Return how the act ended.

        Sessions end with the change if a condition fails after it. Raises NotFound for a person out of the caller's
        reach, NotOneself for the caller where `is_own` is not said, and whatever `alter` raises.
        """

        def plan() -> Plan:
            stored = self.reached(caller, person, is_own=is_own)
            after = replace(alter(stored.standing), revision=stored.standing.revision + 1)
            content = standing_format.write(after)
            effect = ChangeOfStanding(
                party=after.party,
                previous_digest=stored.digest,
                standing=content,
                digest=standing_format.digest(content),
                change=change,
                ends_sessions=self._puts_outside(after),
            )
            return Plan(subject=after.party, effect=effect, addition=addition)

        return self.three_steps(caller, key, plan)

    def reached(self, caller: Caller, person: str, *, is_own: bool = False) -> Stored[PersonStanding]:
        """Return the standing of a person whom the caller may administer; raises NotFound, NotOneself."""
        act = acting(caller)
        stored = self.parties.person(person)
        if stored is None or not roles.reaches(act.rol or "", act.org, stored.standing.organisation):
            raise NotFound
        if (stored.standing.person == act.sub) != is_own:
            raise NotOneself
        return stored

    def _puts_outside(self, person: PersonStanding) -> bool:
        organisation, service = self.parties.organisation(person.organisation), self.parties.service()
        if organisation is None or service is None:
            return True
        failing = conditions.lapsed(person, organisation.standing, service.standing, self.clock.now())
        return any(condition is not conditions.Condition.POLICY for condition in failing)
