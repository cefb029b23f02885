"""The newest signed checkpoint of the log."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.ledger.ports import Writer


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A signed note, and the key that verifies it."""

    note: str
    verifier_key: str


@dataclass(frozen=True, kw_only=True)
class GetCheckpoint:
    """Hands out the checkpoint."""

    writer: Writer

    def __call__(self) -> Checkpoint:
        """Return the checkpoint over all that was committed."""
        published = self.writer.published()
        return Checkpoint(published.checkpoint, published.verifier_key)
