"""The newest signed checkpoint of the log."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.ledger.ports import Writer
from services.audit.ledger.use_cases.still_leading import PUBLIC


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed note, and the key that verifies it."""

    note: str
    verifier_key: str
    gaps: tuple[tuple[int, str], ...] = ()
    """The public statement of each gap, with the entry whose leaf is its hash."""


@dataclass(frozen=True, kw_only=True)
class GetCheckpoint:
    """Hands out the checkpoint."""

    writer: Writer

    def __call__(self) -> Checkpoint:
        """Return the checkpoint over all that was committed."""
        self.writer.write(PUBLIC)
        published = self.writer.published()
        return Checkpoint(published.checkpoint, published.verifier_key, published.gaps)
