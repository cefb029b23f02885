"""How many cases wait for the officers of an authority, and since when: for a start page."""

from __future__ import annotations

from dataclasses import dataclass

from services.runtime.clock import Clock
from services.shielding.ports import Cases, Waiting


@dataclass(frozen=True, kw_only=True)
class CountShieldCases:
    """Counts what ListShieldCases would list; it says nothing of any case, so it is no entry."""

    cases: Cases
    clock: Clock

    def __call__(self, authority: str) -> Waiting:
        """Return the counts of an authority."""
        return self.cases.count_waiting(authority, self.clock.now())
