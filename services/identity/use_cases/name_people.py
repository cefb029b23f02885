"""Who the people are whose ids stand in entries and cases, for those who may know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.domain import roles
from services.identity.ports import NamedOrganisation, NamedPerson, Parties
from services.identity.use_cases.change_person import acting
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class Named:
    """Those who may be named, in the order asked."""

    people: tuple[tuple[NamedPerson, NamedOrganisation], ...]
    organisations: tuple[NamedOrganisation, ...]


@dataclass(frozen=True, kw_only=True)
class NamePeople:
    """Whoever is out of the caller's reach is left out, as somebody who does not exist would be."""

    parties: Parties

    def __call__(self, caller: Caller, *, people: Sequence[str], organisations: Sequence[str]) -> Named:
        """Return the names."""
        act = acting(caller)
        found = self.parties.named_people(people)
        of = self.parties.named_organisations([*organisations, *(one.organisation for one in found.values())])

        def may_name(one: NamedPerson) -> bool:
            return one.organisation in of and roles.may_name(
                act.rol or "", act.org, act.aut or "", one.organisation, of[one.organisation].authority
            )

        named = [found[person] for person in dict.fromkeys(people) if person in found]
        return Named(
            people=tuple((one, of[one.organisation]) for one in named if may_name(one)),
            organisations=tuple(of[one] for one in dict.fromkeys(organisations) if one in of),
        )
