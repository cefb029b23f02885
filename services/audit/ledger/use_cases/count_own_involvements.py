"""How many own current involvements somebody has, and how many are due: for a start page. It names no child."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.audit.ledger.domain.calls import Call
from services.audit.ledger.domain.own_involvements import Own, midnight_of
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.ports import Writer
from services.audit.ledger.release_rule import ReleaseRule
from services.audit.ledger.use_cases.own_work import OwnWork


@dataclass(frozen=True, slots=True)
class OwnCounted:
    """What there is on all pages."""

    total: int
    due: int
    oldest_confirmed_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class CountOwnInvolvements:
    """Counts; nothing is entered but a refusal, so the same token counts again while it lives."""

    writer: Writer
    rule: ReleaseRule

    def __call__(self, call: Call, due_before: datetime) -> OwnCounted:
        """Return the counts; raises what the release rule refuses with."""

        def decide(batch: Batch) -> Decision[OwnCounted]:
            found = counted(self.rule.own_involvements(call, batch), due_before)
            return Decision(answer=lambda _: found)

        return self.writer.write(OwnWork(call, decide))


def counted(own: Sequence[Own], due_before: datetime) -> OwnCounted:
    """Return the counts of involvements that are in the list's order."""
    due = sum(midnight_of(one.day) < due_before for one in own)
    return OwnCounted(len(own), due, midnight_of(own[0].day) if own else None)
