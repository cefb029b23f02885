"""What shielding's use cases need from outside."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from services.shielding.domain import Case, Step


@dataclass(frozen=True)
class Receipt:
    """What the ledger gives for an entry."""

    index: int
    leaf: bytes


@dataclass(frozen=True)
class Child:
    """A child as shielding may name one: a handle of the caller's session, or the number of an earlier act on the case."""

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
    """A step that was written down before the ledger heard of it, with all that is needed to drive it on."""

    step: Step
    act: Act
    token: str


class Ledger(Protocol):
    """Where a step takes effect."""

    def enter(self, act: Act) -> Entered:
        """Return once the entry, and with it the closing, is durable; raises ChildNotFound for a handle of no child."""
        ...

    def note(self, idempotency_key: uuid.UUID) -> Receipt:
        """Return once it is durable that somebody read the list of cases."""
        ...

    def resume(self, token: str, act: Act) -> Entered | None:
        """Drive on an act that a crash stopped; None if it was never entered, and then it never will be."""
        ...


class Cases(Protocol):
    """Where cases are kept."""

    def begin(self, pending: Pending) -> None:
        """Keep what is to be made of the case, durably; the same act may begin again. Raises BeingChanged for another."""
        ...

    def settle(self, step: Step, act: Act, number: int) -> None:
        """Make the case what the step says, with the child's number; nothing changes if that has been done."""
        ...

    def drop(self, pending: Pending) -> None:
        """Forget a step that never happened; a case that was to be opened by it goes too."""
        ...

    def find(self, case_id: uuid.UUID) -> tuple[Case, int] | None:
        """Return the case with the child's number, or None."""
        ...

    def waiting(self, authority: str, after: tuple[str, uuid.UUID] | None, limit: int) -> Sequence[Case]:
        """Return cases of an authority that wait for an officer, oldest first, after a position (time, id)."""
        ...

    def left_behind(self, seconds: float) -> Sequence[Pending]:
        """Return steps that began more than `seconds` ago and have not been settled."""
        ...
