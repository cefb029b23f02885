"""The names behind ids of people and organisations, as far as the visitor may know them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from contactpoint.identity.v1 import identity_service_pb2 as identity

from gateway.web.asked import Asked

_MOST = 200
_NOT_TOLD = "Somebody of another organisation"
_NOT_TOLD_ORGANISATION = "Another organisation"


@dataclass(frozen=True)
class Named:
    """Names by ids; who may not be known by name has words of its own."""

    people: Mapping[str, str]
    organisations: Mapping[str, str]

    def person(self, person_id: str) -> str:
        """Return a person's name."""
        return self.people.get(person_id, _NOT_TOLD)

    def organisation(self, organisation_id: str) -> str:
        """Return an organisation's name."""
        return self.organisations.get(organisation_id, _NOT_TOLD_ORGANISATION)


def named(asked: Asked, *, people: Iterable[str], organisations: Iterable[str] = ()) -> Named:
    """Return the names behind at most 200 ids of each kind; raises ServiceError."""
    request = identity.NamePeopleRequest(
        person_ids=sorted({one for one in people if one})[:_MOST],
        organisation_ids=sorted({one for one in organisations if one})[:_MOST],
    )
    if not request.person_ids and not request.organisation_ids:
        return Named({}, {})
    answer = asked.edge.people.NamePeople(request)
    return Named(
        {one.person_id: one.name for one in answer.people},
        {one.organisation_id: one.name for one in answer.organisations},
    )
