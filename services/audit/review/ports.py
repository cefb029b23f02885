"""What the review's use cases need from outside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from services.audit.review.domain.entries import Looks, OwnLooks, Page, Receipt


class Ledger(Protocol):
    """Where entries are read, under the caller's own token; the reading is an entry itself, and comes first."""

    def read_about_child(self, handle: bytes, page: Page) -> Looks:
        """Return entries about a child that the caller may read; raises NotFound for a handle of no child."""
        ...

    def read_of_organisation(self, page: Page) -> Looks:
        """Return entries of the caller's organisation."""
        ...

    def read_own(self, page: Page) -> OwnLooks:
        """Return the caller's own entries."""
        ...


class Losses(Protocol):
    """Where custodians accept what a restore has lost, under the caller's own token."""

    def accept(self, idempotency_key: str, lost_digest: bytes, lost_count: int) -> Receipt:
        """Enter that the caller accepts this loss, and return the entry's receipt; in a retry the same."""
        ...

    def accept_gap(self, idempotency_key: str, gap_digest: bytes) -> Receipt:
        """Enter that the caller accepts this gap in the log, and return the entry's receipt; in a retry the same."""
        ...


@dataclass(frozen=True)
class SignedCheckpoint:
    """The ledger's newest checkpoint and the key that it says it is signed with."""

    note: str
    verifier_key: str
    gaps: Mapping[int, str] = field(default_factory=dict)
    """The public statement of each gap in the log, by the entry whose leaf is its hash."""


class Log(Protocol):
    """Where the log itself is read: salted commitments, without personal data."""

    def checkpoint(self) -> SignedCheckpoint:
        """Return the newest signed checkpoint."""
        ...

    def leaves(self, from_index: int) -> Sequence[bytes]:
        """Return some leaves in order, the first at `from_index`; none where there are none."""
        ...


@dataclass(frozen=True)
class Published:
    """The newest checkpoint that was made public, and under which key."""

    size: int
    root: bytes
    verifier_key: str


class PublishedLog(Protocol):
    """Where it is remembered what was made public, apart from the public files."""

    def newest(self) -> Published | None:
        """Return the newest, None before the first."""
        ...

    def keep(self, published: Published) -> None:
        """Remember it, durably; raises SizeWentBack if something larger is remembered."""
        ...


class SizeWentBack(Exception):
    """A larger log has been made public already."""


class LogFolder(Protocol):
    """The folder of the public files."""

    def read(self, path: str) -> bytes | None:
        """Return a file's bytes, None if there is none."""
        ...

    def write(self, path: str, content: bytes) -> None:
        """Make a file hold exactly `content`, durably, never half of it."""
        ...

    def forget_partial(self, path: str) -> None:
        """Remove the partial forms of a tile that is whole."""
        ...
