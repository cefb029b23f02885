"""What shielding's use cases need from outside."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from services.shielding.domain import Case, Officer, Step


@dataclass(frozen=True)
class Receipt:
    """What the ledger gives for an entry."""

    index: int
    leaf: bytes


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One call as it came: who acts, and what the act is called in every retry."""

    by: Officer
    name: uuid.UUID
    """The same whenever the same person sends the same key to the same method; others cannot guess it."""
    idempotency_key: uuid.UUID
    digest: bytes
    """SHA-256 of the request's bytes: the same key with other bytes is another request."""
    token: str = field(repr=False)


@dataclass(frozen=True)
class Child:
    """A child as shielding names one: by a handle of the caller's session, or the number of an earlier act."""

    handle: bytes = b""
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class Act:
    """One act as it is sent to the ledger, the same in every retry."""

    idempotency_key: uuid.UUID
    child: Child
    closes: bool
    is_interim: bool


@dataclass(frozen=True)
class Entered:
    """An act that is in the log, with the number of the child that it is about."""

    receipt: Receipt
    number: int


@dataclass(frozen=True, kw_only=True)
class Pending:
    """A step that is written down before the ledger hears of it, with all that is needed to drive it on."""

    name: uuid.UUID
    digest: bytes
    token: str = field(repr=False)
    step: Step
    act: Act
    known_index: int
    """The newest entry that was known when the act first began: its own entry must be newer."""


@dataclass(frozen=True)
class Begun:
    """A step that is written down: as it was the first time."""

    pending: Pending
    is_repeated: bool
    """It was begun before, and nobody here knows how that ended."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How much waits for an authority's officers."""

    cases: int
    overdue: int
    oldest_opened_at: datetime | None
    next_due_at: datetime | None


class Ledger(Protocol):
    """Where a step takes effect."""

    def newest_index(self) -> int:
        """Return the index of the newest entry that this process knows of, -1 before the first."""
        ...

    def enter(self, act: Act, *, known_index: int) -> Entered:
        """Return once the entry, and with it the closing, is durable.

        Raises ActGivenUp for an act that was given up before, NotFound for a handle of no child, any other refusal of
        the ledger's; and one of MAY_HAVE_HAPPENED where it is not known how it ended.
        """
        ...

    def note(self, idempotency_key: uuid.UUID) -> Receipt:
        """Return once it is durable that somebody reads the list of cases: always by a new entry."""
        ...

    def resume(self, pending: Pending) -> Entered | None:
        """Drive on an act that a crash stopped; None if it was never entered, and then it never will be."""
        ...


class Cases(Protocol):
    """Where cases are kept. Every method may raise DependencyUnavailable."""

    def done(self, asked: Asked) -> Receipt | None:
        """Return the receipt of an act that is done, None if it is not. Raises KeyReused for another request's key."""
        ...

    def begin(self, pending: Pending) -> Begun:
        """Keep what is to be made of the case, durably, if it is still as the step found it.

        The same act may begin again, and is what it was the first time. Raises BeingChanged where another act is under
        way or was quicker, KeyReused for the same key with other bytes.
        """
        ...

    def settle(self, pending: Pending, entered: Entered) -> None:
        """Make the case what the step says, with the child's number; nothing changes if that has been done."""
        ...

    def drop(self, pending: Pending) -> None:
        """Forget a step that never happened."""
        ...

    def keep_reading(self, asked: Asked, receipt: Receipt) -> None:
        """Remember for a day that this reading was entered."""
        ...

    def find(self, case_id: uuid.UUID) -> tuple[Case, int] | None:
        """Return the case with the child's number, or None."""
        ...

    def waiting(self, authority: str, now: datetime, after: tuple[str, uuid.UUID] | None, limit: int) -> Sequence[Case]:
        """Return an authority's cases that wait for an officer, oldest first, after a position (time, id).

        Those are: not yet hidden by two, or due for review.
        """
        ...

    def count_waiting(self, authority: str, now: datetime) -> Waiting:
        """Return how many cases `waiting` would list on all pages, and how many of them are past their time."""
        ...

    def left_behind(self, seconds: float) -> Sequence[Pending]:
        """Return steps that began, or were last tried, more than `seconds` ago and are not settled, oldest first."""
        ...

    def forget_old_readings(self) -> None:
        """Forget readings older than a day."""
        ...


@dataclass(frozen=True)
class Hidden:
    """A child that a case hides, or that a step under way is about to hide."""

    case_id: uuid.UUID
    child: Child
    closed_by: tuple[uuid.UUID, ...]
    """Two make it more than interim."""


class HiddenCases(Protocol):
    """Where every hidden child is found. May raise DependencyUnavailable."""

    def hidden(self, after: uuid.UUID | None, limit: int) -> Sequence[Hidden]:
        """Return the hidden children of the next so many cases after one, in order; of a case, all or none."""
        ...


class Gap(Protocol):
    """Where it is said, after the ledger lost entries, who is hidden."""

    def reenter(self, hidden: Sequence[Hidden], *, newest: int, is_complete: bool) -> tuple[int, int]:
        """Return how many were not hidden, or less so, and how many the ledger does not know.

        `newest` is the newest entry of which shielding holds a receipt. Raises the ledger's refusal, LedgerBehind.
        """
        ...
