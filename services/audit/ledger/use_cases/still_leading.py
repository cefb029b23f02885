"""Work that writes nothing and proves what no memory can: that no other leader's epoch has begun."""

from __future__ import annotations

from typing import Final

from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.use_cases.process_work import ProcessWork


def _nothing(_: Batch) -> Decision[None]:
    return Decision(answer=lambda _: None)


STILL_LEADING: Final[ProcessWork[None]] = ProcessWork(_nothing)
"""Every batch begins by reading the epoch under its row lock: a leader that slept through its own end answers nothing.
"""
PUBLIC: Final[ProcessWork[None]] = ProcessWork(_nothing, goes_on_in_a_gap=True)
"""As `STILL_LEADING`, for what is public anyway: it is told while a gap is open too."""
