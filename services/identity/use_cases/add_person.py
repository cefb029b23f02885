"""A new person: the link goes to that person, the code to the manager, none to the administrator."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from services.identity import standing_format
from services.identity.domain import roles
from services.identity.domain.acts import ChangeOfStanding, Contact, NewPerson, Outcome
from services.identity.domain.standing import PersonStanding, spelt, username_digest
from services.identity.errors import AddressNotAllowed
from services.identity.ports import Parties
from services.identity.use_cases.change_person import acting
from services.identity.use_cases.three_steps import Plan, ThreeSteps
from services.runtime.caller import Caller
from services.runtime.errors import NotFound


@dataclass(frozen=True, kw_only=True)
class AddPerson:
    """The person has no factor, no condition and no role: each of them is an act of its own."""

    parties: Parties
    three_steps: ThreeSteps

    def __call__(self, caller: Caller, key: str, *, organisation: str, username: str, contact: Contact) -> Outcome:
        """Return how the act ended; its party is the new person.

        Raises NotFound for an organisation out of reach, AddressNotAllowed, UsernameTaken.
        """
        act = acting(caller)

        def plan() -> Plan:
            if (
                not roles.reaches(act.rol or "", act.org, organisation)
                or self.parties.organisation(organisation) is None
            ):
                raise NotFound
            self._check_addresses(act.sub or "", contact)
            standing = PersonStanding(
                person=str(uuid.uuid4()), organisation=organisation, username_digest=username_digest(username)
            )
            content = standing_format.write(standing)
            effect = ChangeOfStanding(
                party=standing.party,
                previous_digest=b"",
                standing=content,
                digest=standing_format.digest(content),
                change="PERSON_ADDED",
            )
            new = NewPerson(organisation=organisation, username=spelt(username), contact=contact)
            return Plan(subject=standing.party, effect=effect, addition=new)

        return self.three_steps(caller, key, plan)

    def _check_addresses(self, administrator: str, contact: Contact) -> None:
        own = self.parties.contact(administrator)
        addresses = [contact.email.casefold(), contact.manager_email.casefold()]
        if addresses[0] == addresses[1] or (own is not None and own.email.casefold() in addresses):
            raise AddressNotAllowed
