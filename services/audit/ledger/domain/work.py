"""One piece of work for the writer: what it must read, and how it decides in its turn what is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from services.audit.ledger.domain.act import Act
from services.audit.ledger.domain.entry import Draft, Receipt
from services.audit.ledger.domain.key_row import KeyRow
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.registers import Registers
from services.audit.ledger.domain.state_row import StateRow
from services.runtime.errors import ServiceError

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What a piece of work decides from: what was committed, and what was decided before it in its batch."""

    now: datetime
    """By which tokens, handles and sessions are judged."""
    at: datetime
    """What its entries say: never before the entry before them, whatever the clock does."""
    keyring: Keyring
    registers: Registers
    acts: Mapping[bytes, Act]
    children: Mapping[int, KeyRow]
    pending: Mapping[bytes, datetime]
    """Acts whose effect in another process is not settled, with their times, oldest first."""


@dataclass(frozen=True, kw_only=True)
class Decision(Generic[T_co]):
    """What is written in the one transaction, and what is answered once that is durable."""

    answer: Callable[[tuple[Receipt, ...]], T_co]
    """Makes the answer from the receipts of `entries`; called after the commit."""
    entries: tuple[Draft, ...] = ()
    refusal: ServiceError | None = None
    """Raised instead of an answer, when the entries are durable."""
    children: tuple[KeyRow, ...] = ()
    """Key rows to write, new or changed."""
    acts: tuple[Act, ...] = ()
    """Acts to write; one without a leaf gets place and leaf of the last of `entries`."""
    states: tuple[StateRow, ...] = field(default=())
    """Rows for the log of states; None for one that says nothing."""


class Work(Protocol[T_co]):
    """One call's work in the writer's thread, in two steps around the batch's reading; it waits for nothing."""

    def act_ids(self, keyring: Keyring) -> Iterable[bytes]:
        """Return the acts that it must know."""
        ...

    def numbers(self, keyring: Keyring, acts: Mapping[bytes, Act]) -> Iterable[int]:
        """Return the children whose key rows it must know, and the numbers that it may give away."""
        ...

    def decide(self, batch: Batch) -> Decision[T_co]:
        """Return what happens; changes nothing itself. Raises ServiceError where nothing at all is written."""
        ...
