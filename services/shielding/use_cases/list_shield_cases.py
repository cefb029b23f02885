"""A shield officer reads which cases of the own authority wait."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from services.shielding.domain import Case, Officer
from services.shielding.ports import Cases, Ledger, Receipt


@dataclass(frozen=True, kw_only=True)
class ListShieldCases:
    """Lists cases, oldest first, having written down that somebody reads them."""

    cases: Cases
    ledger: Ledger

    def __call__(
        self, by: Officer, *, idempotency_key: uuid.UUID, after: tuple[str, uuid.UUID] | None, limit: int
    ) -> tuple[Sequence[Case], Receipt]:
        """Return at most `limit` cases after a position, and the receipt of the reading."""
        receipt = self.ledger.note(idempotency_key)
        return self.cases.waiting(by.authority, after, limit), receipt
