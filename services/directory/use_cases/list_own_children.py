"""A practitioner sees the children of the own current involvements, those to be confirmed first."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain.candidates import Entry
from services.directory.domain.record import due_before
from services.directory.ports import Children, Ledger, OwnChild, OwnCount, Receipt
from services.runtime.caller import Caller
from services.runtime.clock import Clock


@dataclass(frozen=True, kw_only=True)
class OwnChildPage:
    """Twenty rows at most, and what there is on all pages."""

    rows: tuple[tuple[OwnChild, Entry], ...]
    next_page_token: bytes
    count: OwnCount
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class ListOwnChildren:
    """Whose they are the ledger knows and writes down; what they are called the index knows."""

    ledger: Ledger
    children: Children
    clock: Clock

    def __call__(self, caller: Caller, *, page_token: bytes) -> OwnChildPage:
        """Return a page, once its entry is durable; raises what the ledger refuses with, DependencyUnavailable."""
        del caller  # the ledger takes the person from the token that goes on with the call
        page = self.ledger.enter_own_children(due_before=due_before(self.clock.now()), page_token=page_token)
        called = self.children.current_of({one.number for one in page.children})
        return OwnChildPage(
            rows=tuple((one, called[one.number]) for one in page.children if one.number in called),
            next_page_token=page.next_page_token,
            count=page.count,
            receipt=page.receipt,
        )
