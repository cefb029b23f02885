"""The conditions under which a person gets in: all of them true now, judged on every call (domain.md 4)."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum

from services.identity.domain import roles
from services.identity.domain.standing import (
    Accreditation,
    OrganisationStanding,
    PersonStanding,
    ServiceStanding,
    SystemPurpose,
    SystemStanding,
)

CHECK_YEARS = 3
_WORKING = frozenset({Accreditation.LIVE, Accreditation.SHIELDING_ONLY})
_WHILE_SHIELDING_ONLY = frozenset({"account.self", "account.administer", "account.suspend"})
_BEFORE_POLICY = "account.self"
# Whoever mends a stopped service, at the centre, and by what: none of it reaches a child.
_WHILE_STOPPED = {
    roles.NATIONAL_ADMINISTRATOR: frozenset(
        {"organisation.administer", "account.administer", "account.suspend", "account.self"}
    ),
    roles.CENTRAL_AUDITOR: frozenset({"audit.read", "account.suspend", "account.self"}),
    roles.CUSTODIAN: frozenset({"service.resume", "custody.accept", "account.self"}),
}


class Condition(Enum):
    """What can lapse, in the order in which a person is told."""

    SERVICE = "SERVICE"
    ORGANISATION = "ORGANISATION"
    SUSPENSION = "SUSPENSION"
    SPONSORSHIP = "SPONSORSHIP"
    CHECK = "CHECK"
    BARRED_LIST = "BARRED_LIST"
    TRAINING = "TRAINING"
    FACTORS = "FACTORS"
    ROLE = "ROLE"
    POLICY = "POLICY"


def lapsed(
    person: PersonStanding, organisation: OrganisationStanding, service: ServiceStanding, now: datetime
) -> tuple[Condition, ...]:
    """Return the conditions that fail at `now`, gravest first; none: the person gets in.

    POLICY alone leaves the person the own account, to acknowledge the policy with. A stopped service lets those in who
    mend it, and to nothing but that (`may_while_stopped`).
    """
    facts = person.conditions
    holds = {
        Condition.SERVICE: not service.is_stopped or not _WHILE_STOPPED.keys().isdisjoint(person.roles_at(now)),
        Condition.ORGANISATION: is_working(organisation, now),
        Condition.SUSPENSION: not person.is_suspended,
        Condition.SPONSORSHIP: _is_before(now, facts.sponsored_until),
        Condition.CHECK: _is_check_valid(facts.checked_at, now),
        Condition.BARRED_LIST: facts.is_barred_list_clear,
        Condition.TRAINING: _is_before(now, facts.training_valid_until),
        Condition.FACTORS: person.is_enrolled,
        Condition.ROLE: bool(person.roles_at(now)),
        Condition.POLICY: facts.policy_version >= service.policy_version,
    }
    return tuple(condition for condition in Condition if not holds[condition])


def is_working(organisation: OrganisationStanding, now: datetime) -> bool:
    """Whether an organisation's accreditation lets its people in at all."""
    return organisation.state in _WORKING and _is_before(now, organisation.expires_at)


def lets(organisation: OrganisationStanding, permission: str, role: str) -> bool:
    """Whether the organisation's state has room for a permission: before it is live its people only shield."""
    if organisation.state is Accreditation.SHIELDING_ONLY:
        # An officer finds the child to shield; nobody opens one.
        finds_to_shield = permission == "record.search" and role == roles.SHIELD_OFFICER
        return finds_to_shield or permission.startswith("shield.") or permission in _WHILE_SHIELDING_ONLY
    return organisation.state is Accreditation.LIVE


def may_before_policy(permission: str) -> bool:
    """Whether a permission is had while the policy waits to be acknowledged."""
    return permission == _BEFORE_POLICY


def may_while_stopped(permission: str, role: str) -> bool:
    """Whether who acts in a role has a permission while the service is stopped."""
    return permission in _WHILE_STOPPED.get(role, ())


def may_bring(system: SystemStanding, person: PersonStanding) -> bool:
    """Whether a person's calls may come through a system: a channel brings the people of its own organisation."""
    return (
        not system.is_suspended
        and system.purpose is SystemPurpose.CHANNEL
        and system.organisation == person.organisation
    )


def may_supply(
    system: SystemStanding, organisation: OrganisationStanding, service: ServiceStanding, now: datetime
) -> bool:
    """Whether a system may send rows of its own."""
    return (
        not service.is_stopped
        and not system.is_suspended
        and system.purpose is SystemPurpose.SUPPLIER
        and system.organisation == organisation.organisation
        and organisation.state is Accreditation.LIVE
        and is_working(organisation, now)
    )


def years_later(instant: datetime, years: int) -> datetime:
    """Return the same instant `years` later; 29 February becomes 28 February, so that nothing holds a day too long."""
    utc = instant.astimezone(UTC)
    try:
        return utc.replace(year=utc.year + years)
    except ValueError:
        return utc.replace(year=utc.year + years, day=28)


def _is_check_valid(checked_at: datetime | None, now: datetime) -> bool:
    return checked_at is not None and checked_at <= now < years_later(checked_at, CHECK_YEARS)


def _is_before(now: datetime, end: datetime | None) -> bool:
    return end is not None and now < end
