"""A ledger and a log in memory, with the review's ports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from services.audit.review.domain.entries import Entry, EntryProof, Look, Looks, OwnLook, OwnLooks, Page, Receipt
from services.audit.review.ports import Published, SignedCheckpoint, SizeWentBack
from services.runtime.errors import NotFound
from tests.unit.verify_log.small_log import Signer, entry, path, sample

HANDLE = b"h" * 64
SIGNER = Signer()


def an_entry(index: int, *, reason_text: str = "") -> Entry:
    """Return what the sample entry says."""
    return Entry(
        index=index,
        at=datetime(2026, 3, 1, 12, 0, index % 60, tzinfo=UTC),
        act="/contactpoint.directory.v1.DirectoryService/OpenRecord",
        person="8a4f8f0c-7a8e-4a7e-9d8e-0c6f6c1b2a3d",
        role="ROLE_PRACTITIONER",
        organisation="11111111-7a8e-4a7e-9d8e-0c6f6c1b2a3d",
        reason_code="SAFEGUARDING_CONCERN",
        reason_text=reason_text,
        outcome="ALLOWED",
        rule="RELEASED",
        sections=("identity", "services"),
        children=1,
    )


class FakeLedger:
    """Keeps the promises of `Ledger`: entries 0..n about one child, newest first."""

    def __init__(self, count: int = 60) -> None:
        self.leaves = sample(count)
        self.checkpoint = SIGNER.checkpoint(self.leaves).decode()
        self.asked: list[Page] = []
        self.proofs = {index: self.proof(index) for index in range(count)}

    def proof(self, index: int) -> EntryProof:
        salt, body, _ = entry(index)
        return EntryProof(index=index, body=body, salt=salt, inclusion_proof=tuple(path(index, self.leaves)))

    def read_about_child(self, handle: bytes, page: Page) -> Looks:
        if handle != HANDLE:
            raise NotFound
        return self._looks(page)

    def read_of_organisation(self, page: Page) -> Looks:
        return self._looks(page)

    def read_own(self, page: Page) -> OwnLooks:
        self.asked.append(page)
        looks = (OwnLook(an_entry(3), "1234567890"), OwnLook(an_entry(2), ""))
        return OwnLooks(looks=looks, next_page_token=b"next", receipt=Receipt(61, b"l" * 32))

    def _looks(self, page: Page) -> Looks:
        self.asked.append(page)
        newest = sorted(self.proofs, reverse=True)[: page.size]
        return Looks(
            looks=tuple(Look(an_entry(index), self.proofs[index]) for index in newest),
            checkpoint=self.checkpoint,
            next_page_token=b"next",
            total=len(self.proofs),
            receipt=Receipt(60, b"l" * 32),
        )


class FakeLog:
    """Keeps the promises of `Log`, or breaks them where a test says so."""

    def __init__(self, count: int = 0, *, page: int = 100) -> None:
        self.held = sample(count)
        self.size = count
        self.signer = SIGNER
        self.page = page
        self.asked_for: list[int] = []
        self.gaps: dict[int, str] = {}

    def grow(self, count: int) -> None:
        self.held = sample(count)
        self.size = count

    def checkpoint(self) -> SignedCheckpoint:
        return SignedCheckpoint(self.signer.checkpoint(self.held[: self.size]).decode(), self.signer.vkey, self.gaps)

    def leaves(self, from_index: int) -> Sequence[bytes]:
        self.asked_for.append(from_index)
        return self.held[from_index : from_index + self.page]


class FakePublishedLog:
    """Keeps the promises of `PublishedLog` in memory."""

    def __init__(self) -> None:
        self.kept: Published | None = None

    def newest(self) -> Published | None:
        return self.kept

    def keep(self, published: Published) -> None:
        if self.kept is not None and published.size < self.kept.size:
            raise SizeWentBack
        self.kept = published
