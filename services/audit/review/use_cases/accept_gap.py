"""A custodian accepts that the log itself has lost entries."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.review.domain.entries import Receipt
from services.audit.review.ports import Losses


@dataclass(frozen=True, kw_only=True)
class AcceptGap:
    """A custodian, as one of two, accepts exactly the gap that `show-gap` printed."""

    losses: Losses

    def __call__(self, idempotency_key: str, gap_digest: bytes) -> Receipt:
        """Return the receipt of the entry; raises KeyReused for another gap under the same key."""
        return self.losses.accept_gap(idempotency_key, gap_digest)
