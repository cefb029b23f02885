"""An auditor names a child completely and gets a handle; nothing is disclosed."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName
from services.directory.domain.reasons import Reason
from services.directory.domain.statements import Section
from services.directory.ports import Children, Ledger, Receipt
from services.runtime.errors import InvalidRequest, NotFound


@dataclass(frozen=True, kw_only=True)
class IdentifiedChild:
    """A handle, and the receipt of the entry."""

    handle: bytes
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class IdentifyChild:
    """Gives a handle for a child who is named by number, whole current name and date of birth."""

    ledger: Ledger
    children: Children

    def __call__(self, number: int, name: ChildName, date_of_birth: DateOfBirth, reason: Reason) -> IdentifiedChild:
        """Return the handle; raises NotFound alike for whatever does not agree or is not there for this caller."""
        if not reason.is_enough:
            raise InvalidRequest([("reason.text", "AT_LEAST_TEN_CHARACTERS")])
        is_whole = self.children.is_whole_name(number, name, date_of_birth)
        look = self.ledger.enter_look_by_number(
            number if is_whole else 0, reason, Section.IDENTITY, whole_current_name=is_whole
        )
        if not look.is_found:
            raise NotFound
        return IdentifiedChild(handle=look.handle, receipt=look.receipt)
