"""An auditor reads the entries of the own organisation."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.review.domain.entries import MOST_ON_A_PAGE, Looks, Page, check_proofs, page_of
from services.audit.review.ports import Ledger


@dataclass(frozen=True, kw_only=True)
class ListEntries:
    """An auditor reads the entries of the own organisation, without a child's number."""

    ledger: Ledger

    def __call__(self, page: Page) -> Looks:
        """Return a page of entries; raises LogNotProvable if one does not lead to the checkpoint beside them."""
        found = self.ledger.read_of_organisation(page_of(page, usual=MOST_ON_A_PAGE, most=MOST_ON_A_PAGE))
        check_proofs(found)
        return found
