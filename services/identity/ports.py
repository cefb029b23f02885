"""What the acts need from outside, each with its promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.identity.domain.acts import ActName, Contact, Outcome, PendingAct, Receipt, SettledAct
from services.identity.domain.enrolment import Enrolment
from services.identity.domain.session import Session
from services.identity.domain.standing import (
    OrganisationStanding,
    PersonStanding,
    ServiceStanding,
    Stored,
    SystemStanding,
)
from services.runtime.tokens import Act


@dataclass(frozen=True, kw_only=True)
class NamedPerson:
    """A person by name."""

    person: str
    name: str
    organisation: str


@dataclass(frozen=True, kw_only=True)
class NamedOrganisation:
    """An organisation by name."""

    organisation: str
    name: str
    authority: str


class Parties(Protocol):
    """The standings as they are stored now; an unreadable one is as good as none."""

    def person(self, person: str) -> Stored[PersonStanding] | None: ...

    def organisation(self, organisation: str) -> Stored[OrganisationStanding] | None: ...

    def system(self, system: str) -> Stored[SystemStanding] | None: ...

    def service(self) -> Stored[ServiceStanding] | None: ...

    def contact(self, person: str) -> Contact | None: ...

    def person_called(self, username: str) -> Stored[PersonStanding] | None:
        """Return the standing of who signs in with a user name."""
        ...

    def named_people(self, people: Sequence[str]) -> Mapping[str, NamedPerson]:
        """Return those of these people whose names can be read, by id."""
        ...

    def named_organisations(self, organisations: Sequence[str]) -> Mapping[str, NamedOrganisation]:
        """Return those of these organisations that exist, by id."""
        ...

    def people_of(self, organisation: str, *, after: str, most: int) -> Sequence[ListedPerson]:
        """Return people of an organisation by user name, those behind the user name `after`, at most so many."""
        ...


@dataclass(frozen=True, kw_only=True)
class ListedPerson:
    """One account of an organisation."""

    username: str
    name: str
    standing: PersonStanding


class Acts(Protocol):
    """Acts on their way: written down whole, one a subject, settled in one transaction with all their effects."""

    def find(self, name: ActName) -> PendingAct | SettledAct | None: ...

    def prepare(self, act: PendingAct) -> None:
        """Write an act down.

        Raises BeingChanged if another act has the subject, or the subject's standing is no longer the one that the act
        starts from; UsernameTaken and SystemKnown where the new party's name is had.
        """
        ...

    def settle(self, act: PendingAct, receipt: Receipt) -> Outcome:
        """Make a pending act's changes current and return how it ended; the same for who comes second.

        Raises BeingChanged if it was given up in the meantime.
        """
        ...

    def give_up(self, act: PendingAct) -> None:
        """Forget a pending act of which nothing happened."""
        ...

    def pending_since(self, latest: datetime) -> Sequence[PendingAct]:
        """Return acts begun before an instant and not settled, the oldest first."""
        ...


@dataclass(frozen=True, kw_only=True)
class Entered:
    """The ledger's word on an act."""

    receipt: Receipt | None
    """None: it was never entered, and never will be."""


@dataclass(frozen=True, kw_only=True)
class SessionEntered:
    """The ledger's word on a sign-in."""

    receipt: Receipt
    expires_at: datetime


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """One refusal of a known person, or a count of others."""

    act: str
    rule: str
    person: str = ""
    organisation: str = ""
    session_tag: str = ""
    count: int = 1


class Ledger(Protocol):
    """The log: what it answers is durable; otherwise it raises DependencyUnavailable, LedgerBehind or its refusal."""

    def enter(self, act: PendingAct, *, is_retry: bool) -> Entered:
        """Enter an act under the token of the call being served; an enrolment or founding under our own name."""
        ...

    def resume(self, act: PendingAct) -> Entered:
        """Say for good whether a stopped act was entered."""
        ...

    def enter_session(
        self, session: Session, *, person_digest: bytes, organisation_digest: bytes
    ) -> SessionEntered: ...

    def enter_refusal(self, refusal: Refusal) -> None: ...


@dataclass(frozen=True, kw_only=True)
class Colleague:
    """For whom a mediator's session looks, and by what that is judged."""

    person: Stored[PersonStanding]
    organisation: Stored[OrganisationStanding]
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Judged:
    """Everything that one call is judged by, read in one statement."""

    session: Session | None
    """None if there is none, it was never entered, it has ended, or its row is not ours."""
    person: Stored[PersonStanding] | None
    organisation: Stored[OrganisationStanding] | None
    system: Stored[SystemStanding] | None
    service: Stored[ServiceStanding] | None
    colleague: Colleague | None = None
    """None if the session looks for nobody else, or a row of it is not ours."""


class Sessions(Protocol):
    """Sessions; a row that was not written by us is none."""

    def judged(self, handle_digest: bytes, system: str) -> Judged:
        """Return what a call with this session, through this system ("": none), is judged by."""
        ...

    def judged_system(self, system: str) -> Judged:
        """Return what a system's own call is judged by; session and person are None."""
        ...

    def touch(self, tag: str, now: datetime) -> None:
        """Note that a session was used; may be lost."""
        ...

    def name_channel(self, tag: str, name: str) -> None:
        """Note whom the certificate of a session's channel names; the first word holds."""
        ...

    def end(self, tag: str, now: datetime) -> None:
        """End one session here and now."""
        ...

    def live_of(self, person: str) -> Sequence[Session]:
        """Return a person's entered sessions that were not ended, the newest first."""
        ...

    def begin(self, session: Session) -> None:
        """Write a session down, not yet usable."""
        ...

    def activate(self, tag: str, expires_at: datetime) -> None:
        """Let an entered session be used until `expires_at`."""
        ...


@dataclass(frozen=True, kw_only=True)
class Account:
    """What a sign-in is judged by. Of an unknown name: a decoy's, in which everything has the same shape."""

    id: str
    is_known: bool
    username_agrees: bool
    password_hash: bytes
    secret: str
    last_step: int
    is_locked: bool
    person: Stored[PersonStanding] | None
    organisation: Stored[OrganisationStanding] | None
    service: Stored[ServiceStanding] | None
    are_factors_bound: bool
    """Whether the stored secrets are those of the standing."""

    def __repr__(self) -> str:
        """Return a text without the secrets."""
        return "Account()"


class Accounts(Protocol):
    """Credentials, read and counted at equal cost for every name."""

    def of(self, username: str) -> Account: ...

    def use_code(self, account: str, step: int) -> bool:
        """Use a code up and return whether it was still unused: of many tries at once one succeeds."""
        ...

    def count_wrong(self, account: Account, act: str, rule: str) -> bool:
        """Count one wrong try and write the refusal down for the log; return whether this one closed the account."""
        ...

    def count_right(self, account: str) -> None:
        """Start the count anew."""
        ...


class Passwords(Protocol):
    """Password hashes behind a gate."""

    def admitted(self) -> AbstractContextManager[None]:
        """Hold one of the few places in which hashing is done; raises Busy."""
        ...

    def hash(self, password: str) -> bytes: ...

    def is_right(self, stored: bytes, password: str) -> bool: ...

    def is_weak(self, password: str, about: Sequence[str]) -> bool: ...


class Enrolments(Protocol):
    """Links and codes under way."""

    def open(self, link: str, code: str, now: datetime) -> Enrolment | None:
        """Return the enrolment that both open, else None; a wrong code costs one of its tries, even under race."""
        ...

    def seal_secret(self, enrolment: Enrolment) -> bytes:
        """Return the authenticator's secret as it is stored for the person."""
        ...


class Signer(Protocol):
    """Signs tokens with the key of now."""

    def sign(self, act: Act) -> str: ...


class Refusals(Protocol):
    """Refusals of callers nobody knows, which are counted and entered once a minute."""

    def count(self, act: str, rule: str) -> None: ...


class PageTokens(Protocol):
    """Sealed positions in a list."""

    def seal(self, position: str, listing: str) -> bytes: ...

    def open(self, token: bytes, listing: str) -> str:
        """Return the position; raises InvalidRequest for a token of another list or maker."""
        ...
