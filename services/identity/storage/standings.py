"""Standings as they come out of the database: judged from their bytes, and none where the bytes are not the party's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from services.identity import standing_format
from services.identity.domain.standing import (
    OrganisationStanding,
    PersonStanding,
    ServiceStanding,
    Standing,
    Stored,
    SystemStanding,
)

log = logging.getLogger(__name__)

S = TypeVar("S", bound=Standing)


def person(party: object, stored: bytes | None) -> Stored[PersonStanding] | None:
    """Return a person's standing from its bytes, None if there is none that can be read."""
    return _stored(standing_format.read_person, party, stored)


def organisation(party: object, stored: bytes | None) -> Stored[OrganisationStanding] | None:
    """Return an organisation's standing from its bytes, None if there is none that can be read."""
    return _stored(standing_format.read_organisation, party, stored)


def system(party: object, stored: bytes | None) -> Stored[SystemStanding] | None:
    """Return a system's standing from its bytes, None if there is none that can be read."""
    return _stored(standing_format.read_system, party, stored)


def service(party: object, stored: bytes | None) -> Stored[ServiceStanding] | None:
    """Return the service's standing from its bytes, None if there is none that can be read."""
    return _stored(standing_format.read_service, party, stored)


def _stored(read: Callable[[str, bytes], S], party: object, stored: bytes | None) -> Stored[S] | None:
    if stored is None:
        return None
    content = bytes(stored)
    try:
        return Stored(read(str(party), content), standing_format.digest(content))
    except standing_format.StandingUnreadable:
        # Somebody wrote to the table by hand, or a newer release did.
        log.error("standing_unreadable")  # noqa: TRY400  # the trace would show nothing more
        return None
