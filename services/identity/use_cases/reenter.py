"""After the ledger lost entries identity says which standings it holds: what they took away stays taken away."""

from __future__ import annotations

from dataclasses import dataclass

from services.identity.gap_ports import AllStandings, Gap

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Reentered:
    """What was said, and what of it was news."""

    said: int
    changed: int


@dataclass(frozen=True, kw_only=True)
class Reenter:
    """Names every party with the digest of its standing."""

    standings: AllStandings
    gap: Gap

    def __call__(self, newest: int) -> Reentered:
        """Return what was said, once all of it is entered; raises what the port `Gap` says."""
        said = changed = 0
        page = self.standings.digests(None, AT_ONCE)
        while True:
            following = self.standings.digests(list(page)[-1], AT_ONCE) if page else {}
            changed += self.gap.reenter(page, newest=newest, is_complete=not following)
            said += len(page)
            if not following:
                return Reentered(said, changed)
            page = following
