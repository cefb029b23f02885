"""Which roles go together, who may grant them, and how far an administrator reaches (domain.md 4)."""

from __future__ import annotations

from collections.abc import Iterable

USER_ADMINISTRATOR = "ROLE_USER_ADMINISTRATOR"
NATIONAL_ADMINISTRATOR = "ROLE_NATIONAL_ADMINISTRATOR"
AUDITOR = "ROLE_AUDITOR"
CENTRAL_AUDITOR = "ROLE_CENTRAL_AUDITOR"
SHIELD_OFFICER = "ROLE_SHIELD_OFFICER"
MEDIATOR = "ROLE_MEDIATOR"
CUSTODIAN = "ROLE_CUSTODIAN"

MOST_ROLES = 16
_ADMINISTERS = frozenset({USER_ADMINISTRATOR, NATIONAL_ADMINISTRATOR})
_AUDITS = frozenset({AUDITOR, CENTRAL_AUDITOR})
_EVERYWHERE = frozenset({NATIONAL_ADMINISTRATOR, CENTRAL_AUDITOR})
_GRANTED_CENTRALLY = _EVERYWHERE | {CUSTODIAN}
_MEDIATED = frozenset({"record.search", "record.open", "home.open"})
_OWN_AREA = frozenset({"ROLE_DATA_MANAGER", SHIELD_OFFICER})


def go_together(roles: Iterable[str]) -> bool:
    """Whether one person may hold all these roles.

    Nobody keeps accounts and reviews their use. A mediator is nothing else: a look could leave the colleague unnamed.
    Who says that data are lost neither makes the people who confirm it nor reviews it.
    """
    held = frozenset(roles)
    if MEDIATOR in held and len(held) > 1:
        return False
    if CUSTODIAN in held and held & (_ADMINISTERS | _AUDITS):
        return False
    return not (held & _ADMINISTERS and held & _AUDITS)


def is_mediated(role: str, permission: str) -> bool:
    """Whether a call is made for a colleague, who must be named."""
    return role == MEDIATOR and permission in _MEDIATED


def is_anywhere(role: str) -> bool:
    """Whether a role's looks know no area, as a mediator's don't."""
    return role not in _OWN_AREA


def may_grant(granter: str, role: str) -> bool:
    """Whether who acts in the role `granter` may grant or revoke `role`: what reaches everywhere comes from there."""
    return granter == NATIONAL_ADMINISTRATOR or (granter == USER_ADMINISTRATOR and role not in _GRANTED_CENTRALLY)


def may_serve(own_organisation: str, own_authority: str, other_organisation: str, other_authority: str) -> bool:
    """Whether a mediator may look for people of an organisation: of the own one, or of the own authority's area."""
    return own_organisation == other_organisation or bool(own_authority and own_authority == other_authority)


def may_name(
    role: str, own_organisation: str, own_authority: str, other_organisation: str, other_authority: str
) -> bool:
    """Whether who acts in a role is told the names of people of an organisation."""
    if role == SHIELD_OFFICER and own_authority and own_authority == other_authority:
        # Whoever asked for a shield must be phoned, and is rarely of the officer's own organisation.
        return True
    return reaches(role, own_organisation, other_organisation)


def reaches(role: str, own_organisation: str, other_organisation: str) -> bool:
    """Whether who acts in a role reaches the people of an organisation."""
    return role in _EVERYWHERE or own_organisation == other_organisation
