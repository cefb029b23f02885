"""A shield officer reads which cases of the own authority wait."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from services.runtime.clock import Clock
from services.shielding.domain import Case
from services.shielding.ports import Asked, Cases, Ledger, Receipt


@dataclass(frozen=True, kw_only=True)
class ListShieldCases:
    """Lists cases, oldest first, once it is written down that somebody reads them."""

    cases: Cases
    ledger: Ledger
    clock: Clock

    def __call__(
        self, asked: Asked, *, after: tuple[str, uuid.UUID] | None, limit: int
    ) -> tuple[Sequence[Case], Receipt]:
        """Return at most `limit` cases after a position, and the receipt of the reading."""
        receipt = self.cases.done(asked)
        if receipt is None:
            receipt = self.ledger.note(asked.idempotency_key)
            self.cases.keep_reading(asked, receipt)
        return self.cases.waiting(asked.by.authority, self.clock.now(), after, limit), receipt
