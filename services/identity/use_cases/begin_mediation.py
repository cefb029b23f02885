"""A mediator, who was telephoned and called back, names the colleague for whom this session looks from now on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.domain import conditions, roles
from services.identity.domain.acts import ChangeOfMediation, Receipt
from services.identity.domain.standing import OrganisationStanding, Party, PersonStanding, Stored
from services.identity.errors import ColleagueRefused
from services.identity.ports import Ledger, Parties, Refusal
from services.identity.use_cases.change_person import acting
from services.identity.use_cases.three_steps import Plan, ThreeSteps
from services.runtime.access import permissions_of
from services.runtime.caller import Caller
from services.runtime.clock import Clock
from services.runtime.tokens import Act

LONGEST = timedelta(minutes=15)
_NEEDED = "record.search"


@dataclass(frozen=True, kw_only=True)
class Mediating:
    """The colleague, by name, and until when at the latest."""

    receipt: Receipt
    name: str
    organisation_name: str
    until: datetime


@dataclass(frozen=True, kw_only=True)
class BeginMediation:
    """Only for a colleague of the own organisation or area who might look just as well, and never for oneself."""

    parties: Parties
    ledger: Ledger
    three_steps: ThreeSteps
    clock: Clock

    def __call__(self, caller: Caller, key: str, *, username: str) -> Mediating:
        """Return for whom the session looks; raises ColleagueRefused, whatever it is that stands against it."""
        act = acting(caller)

        def plan() -> Plan:
            now = self.clock.now()
            person, organisation = self._colleague(caller, act, username, now)
            effect = ChangeOfMediation(
                session=act.sid or "",
                beneficiary=person.standing.person,
                organisation=organisation.standing.organisation,
                beneficiary_digest=person.digest,
                organisation_digest=organisation.digest,
                until=now + LONGEST,
            )
            return Plan(subject=Party("mediation", act.sid or ""), effect=effect)

        outcome = self.three_steps(caller, key, plan)
        named = self.parties.named_people((outcome.party,)).get(outcome.party)
        organisation = named.organisation if named else ""
        of = self.parties.named_organisations((organisation,) if organisation else ()).get(organisation)
        return Mediating(
            receipt=outcome.receipt,
            name=named.name if named else "",
            organisation_name=of.name if of else "",
            until=outcome.mediates_until or self.clock.now(),
        )

    def _colleague(
        self, caller: Caller, act: Act, username: str, now: datetime
    ) -> tuple[Stored[PersonStanding], Stored[OrganisationStanding]]:
        person, service = self.parties.person_called(username), self.parties.service()
        # Asked for a name that nobody has too, or that would be told by the time it takes.
        organisation = self.parties.organisation(person.standing.organisation if person else act.org)
        if (
            person is None
            or organisation is None
            or service is None
            or person.standing.person == act.sub
            or not roles.may_serve(
                act.org, act.aut or "", person.standing.organisation, organisation.standing.authority
            )
            or conditions.lapsed(person.standing, organisation.standing, service.standing, now)
            or not might_look(person.standing, organisation.standing, now)
        ):
            # Entered: whoever tries one name after another stands in the log.
            refusal = Refusal(
                act=caller.method,
                rule=ColleagueRefused.reason,
                person=act.sub or "",
                organisation=act.org,
                session_tag=act.sid or "",
            )
            self.ledger.enter_refusal(refusal)
            raise ColleagueRefused
        return person, organisation


def might_look(person: PersonStanding, organisation: OrganisationStanding, now: datetime) -> bool:
    """Whether somebody holds a role in which one searches everywhere, as a mediator does, and is no mediator."""
    held = person.roles_at(now)
    return roles.MEDIATOR not in held and any(
        _NEEDED in permissions_of(role) and roles.is_anywhere(role) and conditions.lets(organisation, _NEEDED, role)
        for role in held
    )
