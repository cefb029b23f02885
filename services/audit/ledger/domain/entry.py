"""An entry of the log: what it says, as plain values; its stored bytes are made in `entry_format.py`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum


class Section(IntEnum):
    """A part of what is known of a child, with keys of its own."""

    IDENTITY = 1
    SERVICES = 2
    HOME = 3
    SENSITIVE = 4


class SubjectKind(IntEnum):
    """What an entry can be found by."""

    CHILD = 1
    PERSON = 2
    ORGANISATION = 3
    SYSTEM = 4


class Outcome(IntEnum):
    """How it ended."""

    ALLOWED = 1
    REFUSED = 2
    EMPTY = 3


RELEASED = "RELEASED"
OWN_INVOLVEMENT = "OWN_INVOLVEMENT"
"""Released as well; it does not count against any ceiling."""
ENTERED = "ENTERED"
CREATED = "CREATED"
OWN_STARTED = "OWN_STARTED"
"""Entered as well; what it lets the person open without counting counts here, once."""
INTAKE = "INTAKE"
OWN_LISTED = "OWN_LISTED"
"""A page of one's own children was shown; it does not count against any ceiling either."""


@dataclass(frozen=True, slots=True)
class SessionStarted:
    """Tokens of a session are acceptable from now."""

    started_at: datetime


@dataclass(frozen=True, slots=True)
class SessionsEnded:
    """Tokens of sessions are worthless from now."""

    session_tags: tuple[str, ...]
    person: str
    is_every: bool


REENTERED_AFTER_GAP = "REENTERED_AFTER_GAP"
"""A standing as identity holds it, that the log had lost."""
NO_STANDING = bytes(32)
"""In place of a digest: the party has no standing any more. No bytes have this digest."""


@dataclass(frozen=True, slots=True)
class StandingChanged:
    """A party's standing is another from now."""

    party_kind: str
    party_id: str
    digest: bytes
    change: str
    ends_sessions: bool = False
    replaced_digest: bytes = b""
    """Of the standing before; empty: there was none, or release 1 entered this."""
    held_digest: bytes = b""
    """Of a standing given anew: of what a restored copy held; empty: it held nothing."""
    lost_digest: bytes = b""
    """Of a standing given anew: the loss that two custodians accepted."""


@dataclass(frozen=True, slots=True)
class SearchEntered:
    """What a later creation needs of a search."""

    criteria_digest: bytes
    name_and_date_only: bool
    add_details: bool
    sealed_candidates: bytes


@dataclass(frozen=True, slots=True)
class LogFounded:
    """The log begins, or its file of ceilings is another."""

    origin: str
    limits_digest: bytes


@dataclass(frozen=True, slots=True)
class ActSettled:
    """An act with its effect in another process ended."""

    act_id: bytes
    is_done: bool
    replaced_head: int = 0
    """Where it writes one statement: the version that stood before it; 0: none did."""
    new_head: int = 0
    """Where it writes one statement: the version that stands since; 0: nobody knows."""


@dataclass(frozen=True, slots=True)
class ChildLimited:
    """A record was closed to all but its limited form."""

    is_interim: bool


@dataclass(frozen=True, slots=True)
class MediationChanged:
    """The entry's session looks for a colleague from now, or (empty) for nobody."""

    beneficiary: str
    organisation: str
    until: datetime


@dataclass(frozen=True, slots=True)
class LossAccepted:
    """A custodian accepts that acts were lost."""

    lost_digest: bytes
    lost_count: int


@dataclass(frozen=True, slots=True)
class HeadsLowered:
    """A lost act was taken back: what it wrote stands no longer."""

    act_id: bytes
    lost_digest: bytes
    lowered: int
    closed: int
    """Statements that stay closed, since nobody knows which version stood before."""


@dataclass(frozen=True, slots=True)
class LeafLost:
    """Here stood an entry that is lost; the leaf is its own, or one that says so."""

    leaf: bytes


@dataclass(frozen=True, slots=True)
class GapPublished:
    """The log has lost entries `first` to `last`; the leaves before `kept` are those that were published."""

    first: int
    kept: int
    last: int
    root: bytes


@dataclass(frozen=True, slots=True)
class GapReentered:
    """A process has said what it knows from lost entries."""

    process: str
    count: int
    newest: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class GapAccepted:
    """A custodian accepts a gap."""

    gap_digest: bytes


Effect = (
    SessionStarted
    | SessionsEnded
    | StandingChanged
    | SearchEntered
    | LogFounded
    | ActSettled
    | ChildLimited
    | MediationChanged
    | LossAccepted
    | HeadsLowered
    | LeafLost
    | GapPublished
    | GapReentered
    | GapAccepted
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom an entry is about, in the clear: a child's number as text, or a UUID."""

    kind: SubjectKind
    name: str


@dataclass(frozen=True, slots=True)
class TaggedSubject:
    """A subject as the entry keeps it."""

    kind: SubjectKind
    keyed: bytes
    counter: int
    sealed_number: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry that is not in the log yet: without position, time and counters."""

    act: str
    outcome: Outcome
    rule: str
    about: tuple[Subject, ...] = ()
    act_id: bytes = b""
    person: str = ""
    role: str = ""
    organisation: str = ""
    session_tag: str = ""
    amr: tuple[str, ...] = ()
    channel: str = ""
    system: str = ""
    beneficiary: str = ""
    reason_code: str = ""
    reason_text: str = ""
    sections: tuple[Section, ...] = ()
    correlation: str = ""
    jti: str = ""
    count: int = 0
    effect: Effect | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry at its place in the log."""

    index: int
    at: datetime
    draft: Draft
    subjects: tuple[TaggedSubject, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a caller keeps of an entry: a log that later lacks it is refused."""

    index: int
    leaf: bytes
