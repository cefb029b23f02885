"""An auditor reads who looked at one child."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.review.domain.entries import MOST_ON_A_PAGE, Looks, Page, check_proofs, page_of
from services.audit.review.ports import Ledger


@dataclass(frozen=True, kw_only=True)
class WhoLookedAt:
    """An auditor reads who looked at one child, refused looks too, with what proves each."""

    ledger: Ledger

    def __call__(self, handle: bytes, page: Page) -> Looks:
        """Return a page of looks; raises NotFound for a handle of no child, LogNotProvable if a proof leads nowhere."""
        page = page_of(page, usual=MOST_ON_A_PAGE, most=MOST_ON_A_PAGE)
        found = self.ledger.read_about_child(handle, page)
        check_proofs(found)
        return found
