"""Somebody reads what they looked at themselves."""

from __future__ import annotations

from dataclasses import dataclass

from services.audit.review.domain.entries import MOST_OWN_LOOKS_ON_A_PAGE, OwnLooks, Page, page_of
from services.audit.review.ports import Ledger


@dataclass(frozen=True, kw_only=True)
class ListOwnLooks:
    """Somebody reads their own recent acts, and what a mediator did for them; names are not looked up again."""

    ledger: Ledger

    def __call__(self, page: Page) -> OwnLooks:
        """Return a page of the caller's own acts, with the child's number where there is exactly one."""
        most = MOST_OWN_LOOKS_ON_A_PAGE
        return self.ledger.read_own(page_of(page, usual=most, most=most))
