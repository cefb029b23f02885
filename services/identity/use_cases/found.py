"""The operator founds the service: once in the life of a log, resumable, and never a second time."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.identity import standing_format
from services.identity.domain import roles
from services.identity.domain.acts import (
    NO_PERSON,
    ActName,
    ChangeOfStanding,
    Contact,
    FirstParties,
    NewOrganisation,
    NewPerson,
    NewSystem,
    PendingAct,
    Receipt,
    SettledAct,
    Shape,
)
from services.identity.domain.standing import (
    Accreditation,
    Conditions,
    Grant,
    OrganisationStanding,
    Party,
    PersonStanding,
    ServiceStanding,
    Standing,
    SystemPurpose,
    SystemStanding,
    spelt,
    username_digest,
)
from services.identity.errors import AlreadyFounded
from services.identity.ports import Acts, Ledger, Parties
from services.identity.use_cases.three_steps import ThreeSteps
from services.runtime.clock import Clock
from services.runtime.errors import BeingChanged

# There is one founding in the life of a service, so its name is fixed.
NAME = ActName(NO_PERSON, "found", str(uuid.UUID(int=1)))
POLICY_VERSION = 1
_FACTS_HOLD_FOR = timedelta(days=365)
_ACCREDITATION_HOLDS_FOR = timedelta(days=3 * 365)


@dataclass(frozen=True, kw_only=True)
class Founded:
    """Who came in first."""

    organisation: str
    person: str
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class Found:
    """Brings in the service, the first organisation, its system and its administrator with one call of the ledger."""

    parties: Parties
    acts: Acts
    ledger: Ledger
    environment: str
    clock: Clock

    def __call__(self, *, organisation: str, system: str, username: str, contact: Contact) -> Founded:
        """Return who came in first; `system` is the id in the certificate through which the administrator will call.

        Raises AlreadyFounded, having changed nothing.

        A founding that a crash stopped goes on as it was begun, whatever is given now.
        """
        found = self.acts.find(NAME)
        steps = ThreeSteps(acts=self.acts, ledger=self.ledger, clock=self.clock)
        if isinstance(found, PendingAct):
            return _founded(steps, found, is_ours=False)
        if isinstance(found, SettledAct) or self.parties.service() is not None:
            raise AlreadyFounded
        act = self._begun(organisation, system, username, contact)
        try:
            self.acts.prepare(act)
        except BeingChanged:
            raise AlreadyFounded from None
        return _founded(steps, act, is_ours=True)

    def _begun(self, organisation: str, system: str, username: str, contact: Contact) -> PendingAct:
        now = self.clock.now()
        service = ServiceStanding(environment=self.environment, policy_version=POLICY_VERSION)
        first = OrganisationStanding(
            organisation=str(uuid.uuid4()), state=Accreditation.LIVE, expires_at=now + _ACCREDITATION_HOLDS_FOR
        )
        channel = SystemStanding(system=system, organisation=first.organisation, purpose=SystemPurpose.CHANNEL)
        person = _first_administrator(first.organisation, username, now)
        named = replace(contact, added_by=NO_PERSON)
        return PendingAct(
            name=NAME,
            request_digest=b"",
            subject=Party("service", self.environment),
            shape=Shape.FOUNDING,
            effect=_new(service),
            addition=FirstParties(
                organisation=NewOrganisation(name=organisation, kind="DEPARTMENT", authority=""),
                organisation_change=_new(first),
                system=NewSystem(name=organisation, organisation=first.organisation),
                system_change=_new(channel),
                person=NewPerson(organisation=first.organisation, username=spelt(username), contact=named),
                person_change=_new(person),
            ),
            started_at=now,
        )


def _founded(steps: ThreeSteps, act: PendingAct, *, is_ours: bool) -> Founded:
    if not isinstance(act.addition, FirstParties):
        raise TypeError
    outcome = steps.drive(act, is_ours=is_ours)
    return Founded(
        organisation=act.addition.organisation_change.party.id,
        person=act.addition.person_change.party.id,
        receipt=outcome.receipt,
    )


def _first_administrator(organisation: str, username: str, now: datetime) -> PersonStanding:
    until = now + _FACTS_HOLD_FOR
    return PersonStanding(
        person=str(uuid.uuid4()),
        organisation=organisation,
        username_digest=username_digest(username),
        conditions=Conditions(
            checked_at=now,
            is_barred_list_clear=True,
            training_valid_until=until,
            sponsored_until=until,
            policy_version=POLICY_VERSION,
        ),
        grants=(
            Grant(
                role=roles.NATIONAL_ADMINISTRATOR,
                expires_at=until,
                granted_by=NO_PERSON,
                need="Founding of the service",
            ),
        ),
    )


def _new(standing: Standing) -> ChangeOfStanding:
    content = standing_format.write(standing)
    return ChangeOfStanding(
        party=standing.party,
        previous_digest=b"",
        standing=content,
        digest=standing_format.digest(content),
        change="FOUNDED",
    )
