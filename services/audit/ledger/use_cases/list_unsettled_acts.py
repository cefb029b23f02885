"""The acts whose effect in the directory is not settled after ten seconds: for its sweeper to drive on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.ports import Writer
from services.audit.ledger.use_cases.process_work import ProcessWork

_LATE_AFTER = timedelta(seconds=10)
_MOST = 1000


@dataclass(frozen=True, kw_only=True)
class ListUnsettledActs:
    """Lists late acts."""

    writer: Writer

    def __call__(self) -> tuple[bytes, ...]:
        """Return the names of the late acts, oldest first, at most a thousand."""

        def decide(batch: Batch) -> Decision[tuple[bytes, ...]]:
            late = (name for name, at in batch.pending.items() if batch.now - at >= _LATE_AFTER)
            found = tuple(islice(late, _MOST))
            return Decision(answer=lambda _: found)

        return self.writer.write(ProcessWork(decide, goes_on_in_a_gap=True))
