"""What the directory's use cases need from outside: the ledger, their own database, and the index."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol
from uuid import UUID

from services.directory.domain.candidates import Candidate, Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.domain.names import ChildName
from services.directory.domain.providers import Contact, Provider, ProviderFilter
from services.directory.domain.reasons import Reason
from services.directory.domain.statements import Section, Statement


@dataclass(frozen=True)
class Receipt:
    """What is kept of an entry of the log."""

    index: int
    leaf: bytes


@dataclass(frozen=True, kw_only=True, repr=False)
class StatementKey:
    """The ledger's half of the key of everything that one source says in one section, in one version."""

    section: Section
    source: UUID
    version: int
    """From 1; 0 says that nothing is stored yet."""
    key: bytes


class ActState(Enum):
    """How far an act is, as the ledger says it."""

    PENDING = 1
    DONE = 2
    NOT_DONE = 3


class Outcome(Enum):
    """How an act ended in this database; the number is stored."""

    DONE = 1
    CANCELLED = 2
    """Given up by the sweeper."""
    NOT_FOUND = 3
    """Refused: what it names is not there for this caller."""
    RECORD_FULL = 4
    """Refused: no room."""
    PROVIDER_TAKEN = 5
    """Refused: another provider has the code."""


@dataclass(frozen=True, kw_only=True)
class Look:
    """What the entry of a look allows."""

    receipt: Receipt
    is_found: bool
    number: int = 0
    is_limited: bool = False
    keys: tuple[StatementKey, ...] = ()
    handle: bytes = b""
    own_involvements: frozenset[UUID] = frozenset()
    """The caller's own current ones with the child."""


@dataclass(frozen=True, kw_only=True)
class OwnChild:
    """One own current involvement, as the ledger knows it."""

    number: int
    handle: bytes
    involvement_id: UUID
    last_confirmed_at: datetime
    is_due: bool


@dataclass(frozen=True, kw_only=True)
class OwnCount:
    """What there is of own current involvements."""

    total: int
    due: int
    oldest_confirmed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class OwnChildren:
    """One page of them."""

    receipt: Receipt
    children: tuple[OwnChild, ...]
    next_page_token: bytes
    count: OwnCount


@dataclass(frozen=True, kw_only=True)
class EnteredAct:
    """What the entry of an act allows; in a retry, what it allowed the first time."""

    receipt: Receipt
    act_id: bytes
    state: ActState
    number: int = 0
    head_keys: tuple[StatementKey, ...] = ()
    pending_keys: tuple[StatementKey, ...] = ()
    handle: bytes = b""


@dataclass(frozen=True, kw_only=True)
class NewChild:
    """One child of a batch: its number and the keys of its first statements."""

    number: int
    keys: tuple[StatementKey, ...]


@dataclass(frozen=True, kw_only=True)
class EnteredIntake:
    """What the entry of a supplier's batch allows."""

    receipt: Receipt
    act_id: bytes
    state: ActState
    children: tuple[NewChild, ...]
    """In the batch's order; empty once the act is settled."""


class OwnInvolvement(Enum):
    """What an act makes of the child being one of the person's own; the numbers are the ledger's."""

    AS_BEFORE = 0
    STARTS = 1
    ENDS = 2


@dataclass(frozen=True, kw_only=True)
class EnteredSearch:
    """What the entry of a search allows to be shown."""

    receipt: Receipt
    shown: tuple[ShownCandidate, ...]
    """Best first; at most 20."""
    search_handle: bytes
    add_details: bool


@dataclass(frozen=True, kw_only=True)
class ShownCandidate:
    """One candidate that may be shown."""

    position: int
    """In the candidates that were sent."""
    handle: bytes
    is_limited: bool


class Ledger(Protocol):
    """The log, the keys and the release rule, under the token of the call being served.

    Every method raises the ledger's typed refusal, DependencyUnavailable, or LedgerBehind when an answer is older than
    one this process already holds.
    """

    def enter_search(
        self, candidates: bytes, *, criteria_digest: bytes, name_and_date_only: bool, too_little: bool
    ) -> EnteredSearch:
        """Enter a search and return what of its 64 slots of 8 bytes may be shown."""
        ...

    def enter_look(self, handle: bytes, reason: Reason, section: Section) -> Look:
        """Enter a look at the child of a handle; a look that may see nothing says so and is entered too."""
        ...

    def enter_look_by_number(self, number: int, reason: Reason, section: Section, *, whole_current_name: bool) -> Look:
        """Enter a look at the child of a number that agreed with surname and date of birth; 0 where none agreed."""
        ...

    def enter_creation(
        self,
        *,
        idempotency_key: str,
        search_handle: bytes,
        criteria_digest: bytes,
        candidates: bytes,
        source: UUID,
        sections: Sequence[Section],
        authority: str,
    ) -> EnteredAct:
        """Enter a child's creation from a search of this session."""
        ...

    def enter_statements(
        self,
        *,
        idempotency_key: str,
        handle: bytes,
        section: Section,
        source: UUID,
        own_involvement: OwnInvolvement,
        involvement_id: UUID | None = None,
    ) -> EnteredAct:
        """Enter that a source's statements change; repeated once when the ledger says BEING_CHANGED.

        `involvement_id` is named where an involvement is confirmed (AS_BEFORE) or ends, whosever it is.
        """
        ...

    def enter_own_children(self, *, due_before: datetime, page_token: bytes) -> OwnChildren:
        """Enter that the caller lists own children, and return a page of at most 20, confirmed longest ago first."""
        ...

    def count_own_involvements(self, *, due_before: datetime) -> OwnCount:
        """Return what all pages have, and enter nothing."""
        ...

    def enter_note(self, *, idempotency_key: str) -> EnteredAct:
        """Enter an act that changes nothing in the ledger and is about no child."""
        ...

    def enter_intake(
        self, *, idempotency_key: str, source: UUID, children: Sequence[tuple[Sequence[Section], str]]
    ) -> EnteredIntake:
        """Enter a supplier's batch: of each child the sections written, and the authority."""
        ...


class Settlements(Protocol):
    """How acts end in the ledger; needs no person's token."""

    def settle(self, act_id: bytes, *, is_done: bool) -> ActState:
        """Say how an act ended here, and return how it stands: the first word holds."""
        ...

    def unsettled_acts(self) -> Sequence[bytes]:
        """Return our acts that have been unsettled for ten seconds or more, the oldest first."""
        ...


@dataclass(frozen=True, kw_only=True)
class StatementWrite:
    """One statement to write into a child's container, with its key and those under which its predecessor is found."""

    number: int
    statement: Statement
    pending: StatementKey
    heads: tuple[StatementKey, ...] = ()


@dataclass(frozen=True)
class Moment:
    """What was committed when it was taken, in words of the storage's own."""

    said: str


class Records(Protocol):
    """The sealed containers, and the acts that changed them."""

    def moment(self) -> Moment:
        """Return the present moment; whatever is committed later is newer."""
        ...

    def read(self, number: int, keys: Sequence[StatementKey], *, since: Moment | None = None) -> tuple[Statement, ...]:
        """Return the statements that the keys open, one for each source and section.

        Of a head's and a pending version's key the one that opens is used. Raises RecordDamaged when a key of a version
        that was stored opens nothing, or what it opens is not whole; BeingChanged instead, if the row was written after
        `since`: then the keys may be older than the row. Number 0 costs the same and returns nothing.
        """
        ...

    def outcome_of(self, act_id: bytes) -> Outcome | None:
        """Return how an act ended here; None if it has not."""
        ...

    def create(
        self, act_id: bytes, children: Sequence[Sequence[StatementWrite]], index: Sequence[Entry], receipt: Receipt
    ) -> Outcome:
        """Write new children's containers, their index entries and the act's end in one transaction.

        If the act has ended here before, nothing is written and that end is returned. Raises RecordFull.
        """
        ...

    def replace(self, act_id: bytes, write: StatementWrite, receipt: Receipt) -> Outcome:
        """Replace one source's statement and write the act's end in one transaction; ends before as in `create`.

        Raises RecordFull, RecordDamaged.
        """
        ...

    def end(self, act_id: bytes, outcome: Outcome) -> Outcome:
        """Write that an act ended without effect, unless it has ended before; return how it ended."""
        ...


@dataclass(frozen=True, kw_only=True)
class ProviderList:
    """Every provider at one moment."""

    by_id: Mapping[UUID, Provider]
    by_urn: Mapping[str, Provider]
    by_ods_code: Mapping[str, Provider]


class Providers(Protocol):
    """Schools, practices and teams. Which of them is asked for leaves no trace in the database: all are in memory."""

    def current(self) -> ProviderList:
        """Return every provider as of now."""
        ...

    def register(self, act_id: bytes, provider: Provider, receipt: Receipt) -> Outcome:
        """Add a provider and write the act's end in one transaction; PROVIDER_TAKEN if another has its code."""
        ...

    def amend(self, act_id: bytes, provider_id: UUID, contact: Contact, receipt: Receipt) -> Outcome:
        """Replace a provider's contact and write the act's end in one transaction; NOT_FOUND if there is none."""
        ...


class SealedPages(Protocol):
    """Turns a place in a list into an opaque token and back."""

    def seal(self, last: UUID, wanted: ProviderFilter) -> bytes:
        """Return the token of the place after `last` in the list that `wanted` names."""
        ...

    def open(self, token: bytes, wanted: ProviderFilter) -> UUID:
        """Return the place; raises InvalidRequest for a token that is not ours, or is another list's."""
        ...


class Children(Protocol):
    """What the index answers for acts that name or create a child."""

    def number_agrees(self, number: int, surname: str, date_of_birth: DateOfBirth) -> bool:
        """Whether the child of that number has that surname (or single name) and date of birth, by the index."""
        ...

    def is_whole_name(self, number: int, name: ChildName, date_of_birth: DateOfBirth) -> bool:
        """Whether name and date of birth are the whole current ones of that number."""
        ...

    def candidates(self, question: Question) -> Sequence[Candidate]:
        """Return the 64 children at most who match best, best first."""
        ...

    def current_of(self, numbers: Collection[int]) -> Mapping[int, Entry]:
        """Return the current entries of children by number; one whom the index does not know is left out."""
        ...

    def postcode_tag(self, number: int, postcode: str) -> int | None:
        """Return the eight bits that an index entry of that child holds of a postcode; None for no postcode."""
        ...


class SearchIndex(Protocol):
    """Everybody's names and dates of birth, in memory."""

    def candidates(self, question: Question) -> Sequence[Candidate]:
        """Return the 64 children at most who match best as of now, best first.

        Raises ValueError for a question that asks too little, DependencyUnavailable, or IndexRefused when the log that
        feeds the index is not what was written.
        """
        ...
