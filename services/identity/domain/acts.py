"""Acts: named once, written down whole before the ledger is asked, settled once, whoever drives them on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import NamedTuple

from services.identity.domain.standing import Party

NO_PERSON = ""


class ActName(NamedTuple):
    """What makes two requests the same act."""

    actor: str
    """UUID of the person who acts; of the person who enrols."""
    method: str
    """"/package.Service/Method"."""
    key: str
    """The caller's idempotency key (UUID)."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What is kept of an entry: a ledger that later lacks it is not believed."""

    index: int
    leaf: bytes


@dataclass(frozen=True, kw_only=True)
class ChangeOfStanding:
    """A party's standing becomes another."""

    party: Party
    previous_digest: bytes
    """Empty for a new party."""
    standing: bytes
    """The standing after, as it will be stored."""
    digest: bytes
    change: str
    """Such as "ROLE_GRANTED"."""
    ends_sessions: bool = False


@dataclass(frozen=True, kw_only=True)
class EndOfSessions:
    """Sessions of the person who acts end."""

    person: str
    tags: tuple[str, ...] = ()
    is_all: bool = False


@dataclass(frozen=True, kw_only=True)
class ChangeOfMediation:
    """A mediator's session looks for a colleague from now on, or for nobody."""

    session: str
    beneficiary: str = NO_PERSON
    organisation: str = ""
    beneficiary_digest: bytes = b""
    organisation_digest: bytes = b""
    until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Note:
    """Nothing changes in the ledger; the act is entered."""


Effect = ChangeOfStanding | EndOfSessions | ChangeOfMediation | Note


@dataclass(frozen=True, kw_only=True)
class NewOrganisation:
    """What is kept beside a new organisation's standing, for finding."""

    name: str
    kind: str
    authority: str


@dataclass(frozen=True, kw_only=True)
class NewSystem:
    """What is kept beside a new system's standing, for finding."""

    name: str
    organisation: str


@dataclass(frozen=True, kw_only=True)
class Contact:
    """How a person is called and reached."""

    name: str
    email: str
    manager_email: str
    proofs: tuple[str, ...] = ()
    added_by: str = NO_PERSON

    def __repr__(self) -> str:
        """Return a text that names nobody."""
        return "Contact()"


@dataclass(frozen=True, kw_only=True)
class NewPerson:
    """What is kept beside a new person's standing; link and code are made and sent when the act is settled."""

    organisation: str
    username: str
    contact: Contact


@dataclass(frozen=True, kw_only=True)
class NewLink:
    """A person without factors gets a new link and a new code."""

    person: str
    vouched_by: str


@dataclass(frozen=True, kw_only=True)
class NewFactors:
    """The secrets that a person bound, as they are stored."""

    enrolment: str
    password_hash: bytes
    sealed_secret: bytes
    last_step: int
    """The time step of the code that bound the authenticator: it is used."""

    def __repr__(self) -> str:
        """Return a text without the secrets."""
        return "NewFactors()"


@dataclass(frozen=True, kw_only=True)
class FirstParties:
    """Organisation, its system and administrator of the founding, whose main subject is the service."""

    organisation: NewOrganisation
    organisation_change: ChangeOfStanding
    system: NewSystem
    system_change: ChangeOfStanding
    person: NewPerson
    person_change: ChangeOfStanding


@dataclass(frozen=True, kw_only=True)
class Unlock:
    """Counts of wrong codes start anew."""

    person: str


Addition = NewOrganisation | NewSystem | NewPerson | NewLink | NewFactors | FirstParties | Unlock


class Shape(Enum):
    """Under what the ledger takes an act."""

    TOKEN = "TOKEN"  # noqa: S105  # not a secret: under the token of the person who acts
    ENROLMENT = "ENROLMENT"
    FOUNDING = "FOUNDING"
    STOP = "STOP"


@dataclass(frozen=True, kw_only=True)
class PendingAct:
    """A whole act, written down before the ledger is asked; enough to drive it on without the caller."""

    name: ActName
    request_digest: bytes
    subject: Party
    """One act a subject at a time; "sessions" is a subject of its own, so that nobody delays a suspension."""
    shape: Shape
    effect: Effect
    addition: Addition | None = None
    token: str | None = None
    organisation: str = ""
    """The person's organisation, of an enrolment."""
    started_at: datetime

    def __repr__(self) -> str:
        """Return a text without the token."""
        return f"PendingAct(method={self.name.method!r})"


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an act ended: what its answer, and every answer to its retries, is made of."""

    receipt: Receipt
    party: str
    """Id of the party it was about; of a mediation, the colleague's."""
    enrolment_expires_at: datetime | None = None
    mediates_until: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class SettledAct:
    """An act that has happened."""

    request_digest: bytes
    outcome: Outcome
