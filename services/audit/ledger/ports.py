"""What the ledger's acts need from outside, and what each promises."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeVar

from services.audit.ledger.domain.keyring import KeyMaterial, Keyring
from services.audit.ledger.domain.tree import Tree
from services.audit.ledger.domain.work import Work

T = TypeVar("T")

LEASE_SECONDS = 5.0
"""How long a leader that says nothing is still the leader."""


class StoreUnavailable(Exception):  # it names what happened
    """The database did not do what was asked, or nobody knows whether it did; memory is not believed any more."""


class NotLeading(StoreUnavailable):
    """Another process leads, or this one was overtaken."""


class StoreChanged(Exception):  # it names what was found
    """What the database holds is not what was last committed: it was edited, or is an old copy. Nothing is served."""


class KeyWrapping(Protocol):
    """Keeps keys under the root secret: a file here, transit or a hardware module elsewhere."""

    def wrap(self, key: bytes, name: str) -> bytes:
        """Return the key, wrapped under that name."""
        ...

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """Return the key wrapped under that name; raises ValueError if it was not wrapped here, so, under that name."""
        ...


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """One row of the log."""

    index: int
    at: datetime
    sealed: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class StoredAct:
    """One row of the acts."""

    index: int
    at: datetime
    is_pending: bool
    sealed: bytes


@dataclass(frozen=True, kw_only=True)
class Position:
    """Where the log ends, as the last transaction left it."""

    epoch: int
    sealed: bytes
    """Empty before the first entry."""
    checkpoint: str


@dataclass(kw_only=True)
class Writing:
    """All that one batch writes."""

    entries: list[StoredEntry] = field(default_factory=list)
    tags: list[tuple[bytes, int]] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    children: dict[bytes, bytes] = field(default_factory=dict)
    acts: dict[bytes, StoredAct] = field(default_factory=dict)
    standings: dict[bytes, bytes] = field(default_factory=dict)
    states: list[tuple[int, bytes]] = field(default_factory=list)
    tiles: list[tuple[int, bytes]] = field(default_factory=list)
    position: bytes = b""
    checkpoint: str = ""


class BatchTransaction(Protocol):
    """One transaction of the leader. It holds the fence: no other leader writes, or has written, beside it."""

    def acts(self, act_ids: Iterable[bytes]) -> Mapping[bytes, bytes]:
        """Return the sealed acts that exist among these, by name."""
        ...

    def children(self, tags: Iterable[bytes]) -> Mapping[bytes, bytes]:
        """Return the sealed key rows that exist among these, by tag."""
        ...

    def write(self, writing: Writing, *, month: int) -> None:
        """Write everything; it is durable when the transaction's block ends without an error."""
        ...


class Store(Protocol):
    """The database, as the writer uses it, whether it follows or leads. Every method may raise StoreUnavailable."""

    def lead(self) -> None:
        """Become the one leader and begin a new epoch. Raises NotLeading while another leads; following goes on."""
        ...

    def renew(self) -> None:
        """Renew the lease. Raises NotLeading if this leader was overtaken."""
        ...

    def give_back(self) -> None:
        """Step down so that another may lead at once."""
        ...

    def step_down(self) -> None:
        """Lead no more, follow no more; harmless when doing neither."""
        ...

    def abandon(self) -> None:
        """Make whatever waits for the database fail now; called from another thread."""
        ...

    def key_material(self, wrapping: KeyWrapping, now: datetime) -> KeyMaterial | None:
        """Return the keys, None before the first leader has made them; a leader makes and stores them wrapped."""
        ...

    def snapshot(self) -> AbstractContextManager[None]:
        """Let everything read in the block be of one moment, whatever a leader writes meanwhile."""
        ...

    def position(self) -> Position:
        """Return where the log ends."""
        ...

    def entries(self, month: int, start: int = 0) -> Iterator[StoredEntry]:
        """Return the month's entries in order, from an index on."""
        ...

    def size(self) -> int:
        """Return how many entries there are: one more than the last index."""
        ...

    def tiles(self) -> Sequence[bytes]:
        """Return the roots of the complete tiles of leaves, in order."""
        ...

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the leaves from `start` up to, without, `end`."""
        ...

    def standings(self) -> Iterable[tuple[bytes, bytes]]:
        """Return every party's row: tag and sealed standing."""
        ...

    def states(self, start: int = 0) -> Iterable[tuple[int, bytes]]:
        """Return the log of states in order, from a row on: number of the row, sealed row."""
        ...

    def pending_acts(self) -> Iterable[tuple[bytes, bytes]]:
        """Return the unsettled acts, oldest first: name, sealed act."""
        ...

    def batch(self) -> AbstractContextManager[BatchTransaction]:
        """Return one transaction, committed at the end of its block. Raises NotLeading if this leader was overtaken."""
        ...


@dataclass(frozen=True, kw_only=True)
class Published:
    """The log as of the last commit: what others may be shown."""

    size: int
    checkpoint: str
    verifier_key: str
    tree: Tree
    keyring: Keyring
    gaps: tuple[tuple[int, str], ...] = ()
    """The public statement of each gap, with the entry whose leaf is its hash."""


class Writer(Protocol):
    """The one thread that writes."""

    def write(self, work: Work[T]) -> T:
        """Return the work's answer once what it wrote is durable.

        Raises the work's refusal; NotTheLeader when this process does not lead, and nothing was done; Busy when too
        much waits; DependencyUnavailable when nobody knows what became of the batch (nothing is released then);
        DeadlineTooShort.
        """
        ...

    def published(self) -> Published:
        """Return the log as of the last commit; raises DependencyUnavailable while this process does not lead.

        It is what this process remembers: an answer that writes nothing proves first that nobody else leads by now.
        """
        ...


class Log(Protocol):
    """Reads what is committed, beside the writer."""

    def find(self, tags: Sequence[bytes]) -> Sequence[StoredEntry]:
        """Return the entries that have these tags, in order of the log. Raises DependencyUnavailable."""
        ...

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        """Return the leaves from `start` up to, without, `end`. Raises DependencyUnavailable."""
        ...

    def entries(self, start: int, end: int) -> Sequence[StoredEntry]:
        """Return the entries from `start` up to, without, `end`, in order. Raises DependencyUnavailable."""
        ...

    def entries_at(self, indexes: Sequence[int]) -> Sequence[StoredEntry]:
        """Return the entries that there are at these positions. Raises DependencyUnavailable."""
        ...
