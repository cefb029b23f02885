"""A practitioner looks for a child by name and date of birth."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain.candidates import Entry, criteria_digest, encoded
from services.directory.domain.matching import Question
from services.directory.errors import SearchNeedsMore
from services.directory.ports import Ledger, Receipt, SearchIndex
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class ChildRow:
    """Just enough of one child to choose: nothing that is not shown of a limited one too."""

    handle: bytes
    current: Entry
    """The current name, date of birth and gender, whichever name was found."""
    is_limited: bool


@dataclass(frozen=True, kw_only=True)
class SearchResult:
    """What a search shows: rows, best first, or none and `add_details`."""

    rows: tuple[ChildRow, ...]
    add_details: bool
    search_handle: bytes
    receipt: Receipt


@dataclass(frozen=True, kw_only=True, repr=False)
class SearchChildren:
    """Candidates come from memory; the ledger writes the search down, drops what is hidden, says what is shown."""

    index: SearchIndex
    ledger: Ledger
    criteria_key: bytes
    """The same as CreateChild's, which repeats the search."""

    def __call__(self, caller: Caller, question: Question) -> SearchResult:
        """Return what may be shown; its entry is durable.

        Raises SearchNeedsMore with the paths of what is missing, once that too is written down; IndexRefused; what the
        ledger refuses; DependencyUnavailable.
        """
        del caller  # the ledger takes the person from the token that goes on with the call
        missing = question.missing
        candidates = () if missing else self.index.candidates(question)
        entered = self.ledger.enter_search(
            encoded(candidates),
            criteria_digest=criteria_digest(self.criteria_key, question.name, question.date_of_birth),
            name_and_date_only=question.is_name_and_date_only,
            too_little=bool(missing),
        )
        if missing:
            raise SearchNeedsMore(missing)
        shown = () if entered.add_details else entered.shown
        return SearchResult(
            rows=tuple(
                ChildRow(handle=one.handle, current=candidates[one.position].current, is_limited=one.is_limited)
                for one in shown
                if one.position < len(candidates)
            ),
            add_details=entered.add_details,
            search_handle=entered.search_handle,
            receipt=entered.receipt,
        )
