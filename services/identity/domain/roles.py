"""Which roles go together, who may grant them, and how far an administrator reaches (domain.md 4)."""

from __future__ import annotations

from collections.abc import Iterable

USER_ADMINISTRATOR = "ROLE_USER_ADMINISTRATOR"
NATIONAL_ADMINISTRATOR = "ROLE_NATIONAL_ADMINISTRATOR"
AUDITOR = "ROLE_AUDITOR"
CENTRAL_AUDITOR = "ROLE_CENTRAL_AUDITOR"
SHIELD_OFFICER = "ROLE_SHIELD_OFFICER"

MOST_ROLES = 16
_ADMINISTERS = frozenset({USER_ADMINISTRATOR, NATIONAL_ADMINISTRATOR})
_AUDITS = frozenset({AUDITOR, CENTRAL_AUDITOR})
_EVERYWHERE = frozenset({NATIONAL_ADMINISTRATOR, CENTRAL_AUDITOR})


def go_together(roles: Iterable[str]) -> bool:
    """Whether one person may hold all these roles: nobody keeps accounts and reviews their use."""
    held = frozenset(roles)
    return not (held & _ADMINISTERS and held & _AUDITS)


def may_grant(granter: str, role: str) -> bool:
    """Whether who acts in the role `granter` may grant or revoke `role`: what reaches everywhere comes from there."""
    return granter == NATIONAL_ADMINISTRATOR or (granter == USER_ADMINISTRATOR and role not in _EVERYWHERE)


def reaches(role: str, own_organisation: str, other_organisation: str) -> bool:
    """Whether who acts in a role reaches the people of an organisation."""
    return role in _EVERYWHERE or own_organisation == other_organisation
