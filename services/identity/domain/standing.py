"""Standings: all that decides what a party may do, read from the bytes that the ledger knows by their hash."""

from __future__ import annotations

import hashlib
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Generic, NamedTuple, TypeVar

PASSWORD = "pwd"  # noqa: S105  # RFC 8176's word for it
CODE = "otp"


class Party(NamedTuple):
    """Who may, or may no longer, do something."""

    kind: str
    """"person", "organisation", "system" or "service"."""
    id: str
    """UUID; the environment's name for the service."""


class Accreditation(Enum):
    """Where an organisation is on the way to being live."""

    APPLIED = "APPLIED"
    READINESS_ASSESSED = "READINESS_ASSESSED"
    ACCREDITED = "ACCREDITED"
    SHIELDING_ONLY = "SHIELDING_ONLY"
    MANAGEMENT_TRAINING = "MANAGEMENT_TRAINING"
    LIVE = "LIVE"
    SUSPENDED = "SUSPENDED"
    WITHDRAWN = "WITHDRAWN"


class SystemPurpose(Enum):
    """What a system is registered for."""

    CHANNEL = "CHANNEL"
    SUPPLIER = "SUPPLIER"


@dataclass(frozen=True, kw_only=True)
class Conditions:
    """Dated facts about a person, judged on every call; None where nothing was recorded."""

    checked_at: datetime | None = None
    is_barred_list_clear: bool = False
    training_valid_until: datetime | None = None
    sponsored_until: datetime | None = None
    policy_version: int = 0


@dataclass(frozen=True, kw_only=True)
class Grant:
    """One role, granted for a stated need until a date."""

    role: str
    """By its name in access.proto, such as "ROLE_PRACTITIONER"."""
    expires_at: datetime
    granted_by: str
    need: str


@dataclass(frozen=True, kw_only=True)
class Factor:
    """One factor that the person bound alone."""

    method: str
    """PASSWORD or CODE."""
    secret_digest: bytes
    """SHA-256 of the stored, sealed or hashed, secret."""
    bound_at: datetime
    vouched_by: str


@dataclass(frozen=True, kw_only=True)
class PersonStanding:
    """All that decides what a person may do."""

    person: str
    organisation: str
    username_digest: bytes
    is_suspended: bool = False
    conditions: Conditions = Conditions()
    grants: tuple[Grant, ...] = ()
    factors: tuple[Factor, ...] = ()
    revision: int = 1

    @property
    def party(self) -> Party:
        """Whose standing it is."""
        return Party("person", self.person)

    def factor(self, method: str) -> Factor | None:
        """Return the bound factor of a method, if there is one."""
        return next((factor for factor in self.factors if factor.method == method), None)

    @property
    def is_enrolled(self) -> bool:
        """Whether both factors are bound."""
        return self.factor(PASSWORD) is not None and self.factor(CODE) is not None

    def roles_at(self, now: datetime) -> tuple[str, ...]:
        """Return the roles granted and unexpired, in the order of granting."""
        return tuple(grant.role for grant in self.grants if now < grant.expires_at)


@dataclass(frozen=True, kw_only=True)
class OrganisationStanding:
    """All that decides what an organisation's people and systems may do."""

    organisation: str
    state: Accreditation
    expires_at: datetime | None
    authority: str = ""
    revision: int = 1

    @property
    def party(self) -> Party:
        """Whose standing it is."""
        return Party("organisation", self.organisation)


@dataclass(frozen=True, kw_only=True)
class SystemStanding:
    """All that decides what a connecting or supplying system may do."""

    system: str
    organisation: str
    purpose: SystemPurpose
    is_suspended: bool = False
    revision: int = 1

    @property
    def party(self) -> Party:
        """Whose standing it is."""
        return Party("system", self.system)


@dataclass(frozen=True, kw_only=True)
class ServiceStanding:
    """All that decides whether the whole service answers."""

    environment: str
    is_stopped: bool = False
    policy_version: int = 1
    revision: int = 1
    resumption_asked_by: str = ""
    """Of a stopped service: the custodian who asked that it goes on."""
    resumption_asked_at: datetime | None = None

    @property
    def party(self) -> Party:
        """Whose standing it is."""
        return Party("service", self.environment)


Standing = PersonStanding | OrganisationStanding | SystemStanding | ServiceStanding
S_co = TypeVar("S_co", bound=Standing, covariant=True)


@dataclass(frozen=True)
class Stored(Generic[S_co]):
    """A standing as it was read, with the hash of the very bytes it was read from."""

    standing: S_co
    digest: bytes


def spelt(username: str) -> str:
    """Return a user name as it is compared: one spelling for every way of typing it."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def username_digest(username: str) -> bytes:
    """Return the SHA-256 of a user name as it is compared."""
    return hashlib.sha256(spelt(username).encode()).digest()
