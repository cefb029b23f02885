"""Leaves of the log for publication: salted commitments, which tell nobody anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.audit.ledger.ports import Log, Writer
from services.audit.ledger.use_cases.still_leading import PUBLIC

MOST = 4096


@dataclass(frozen=True, kw_only=True)
class ListLeaves:
    """Hands out leaves."""

    writer: Writer
    log: Log

    def __call__(self, from_index: int, page_size: int) -> Sequence[bytes]:
        """Return the leaves from an index on, in order, as many as there are and at most `page_size` (0: 4096)."""
        self.writer.write(PUBLIC)
        size = self.writer.published().size
        end = min(size, from_index + (page_size or MOST))
        return self.log.leaves(from_index, end) if from_index < end else ()
