"""After the ledger lost entries shielding says whom it holds as hidden, so that no shield of theirs is undone."""

from __future__ import annotations

from dataclasses import dataclass

from services.shielding.ports import Gap, HiddenCases

AT_ONCE = 100
"""Cases; each has a child, and one more while a step is under way."""


@dataclass(frozen=True, slots=True)
class Reentered:
    """What was said, and what of it was news."""

    said: int
    closed: int
    unknown: int
    """Children whose creation is lost as well."""


@dataclass(frozen=True, kw_only=True)
class Reenter:
    """Names every child that a case hides, or that a step under way is about to hide."""

    cases: HiddenCases
    gap: Gap

    def __call__(self, newest: int) -> Reentered:
        """Return what was said, once all of it is entered; raises NO_GAP_OPEN as the ledger's refusal, LedgerBehind."""
        said = closed = unknown = 0
        page = self.cases.hidden(None, AT_ONCE)
        while True:
            following = self.cases.hidden(page[-1].case_id, AT_ONCE) if page else ()
            more = self.gap.reenter(page, newest=newest, is_complete=not following)
            said, closed, unknown = said + len(page), closed + more[0], unknown + more[1]
            if not following:
                return Reentered(said, closed, unknown)
            page = following
