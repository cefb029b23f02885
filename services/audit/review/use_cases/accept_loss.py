"""A custodian accepts that a restore has lost acts."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.review.domain.entries import Receipt
from services.audit.review.ports import Losses


@dataclass(frozen=True, kw_only=True)
class AcceptLoss:
    """A custodian, as one of two, accepts exactly the loss that `check-store` printed."""

    losses: Losses

    def __call__(self, idempotency_key: str, lost_digest: bytes, lost_count: int) -> Receipt:
        """Return the receipt of the entry; raises KeyReused for another loss under the same key."""
        return self.losses.accept(idempotency_key, lost_digest, lost_count)
