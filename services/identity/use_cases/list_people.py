"""An administrator sees the accounts of an organisation: never a secret, nor where link and code went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.domain import conditions, roles
from services.identity.ports import PageTokens, Parties
from services.identity.use_cases.change_person import acting
from services.runtime.caller import Caller
from services.runtime.clock import Clock
from services.runtime.errors import DependencyUnavailable, NotFound

_PAGE = 50


@dataclass(frozen=True, kw_only=True)
class PersonSeen:
    """One account as its administrator sees it."""

    person: str
    name: str
    username: str
    is_suspended: bool
    is_enrolled: bool
    roles: tuple[str, ...]
    lapsed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PeoplePage:
    """A page of accounts."""

    people: Sequence[PersonSeen]
    next_page_token: bytes
    """Empty on the last page."""


@dataclass(frozen=True, kw_only=True)
class ListPeople:
    """By user name, page by page."""

    parties: Parties
    page_tokens: PageTokens
    clock: Clock

    def __call__(self, caller: Caller, *, organisation: str, page_size: int, page_token: bytes) -> PeoplePage:
        """Return one page; raises NotFound for an organisation out of reach, InvalidRequest for a foreign token."""
        act, now = acting(caller), self.clock.now()
        stored, service = self.parties.organisation(organisation), self.parties.service()
        if stored is None or not roles.reaches(act.rol or "", act.org, organisation):
            raise NotFound
        if service is None:
            raise DependencyUnavailable
        most = page_size or _PAGE
        after = self.page_tokens.open(page_token, organisation) if page_token else ""
        found = self.parties.people_of(organisation, after=after, most=most + 1)
        people = [
            PersonSeen(
                person=one.standing.person,
                name=one.name,
                username=one.username,
                is_suspended=one.standing.is_suspended,
                is_enrolled=one.standing.is_enrolled,
                roles=one.standing.roles_at(now),
                lapsed=tuple(
                    condition.value
                    for condition in conditions.lapsed(one.standing, stored.standing, service.standing, now)
                ),
            )
            for one in found[:most]
        ]
        has_more = len(found) > most
        return PeoplePage(
            people=people,
            next_page_token=self.page_tokens.seal(people[-1].username, organisation) if has_more else b"",
        )
