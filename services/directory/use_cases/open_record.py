"""A practitioner opens one child's record, for a stated reason."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain import record
from services.directory.domain.claims import ChildClaim
from services.directory.domain.reasons import Reason
from services.directory.domain.record import RecordView
from services.directory.domain.statements import Section
from services.directory.errors import RecordDamaged
from services.directory.ports import Providers, Receipt
from services.directory.use_cases.acting_organisation import acting_organisation
from services.directory.use_cases.look_at_child import LookAtChild
from services.runtime.caller import Caller
from services.runtime.clock import Clock


@dataclass(frozen=True, kw_only=True)
class OpenedRecord:
    """The record, a fresh handle, and the receipt of the look."""

    view: RecordView
    handle: bytes
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class OpenRecord:
    """Shows who works with a child; of a limited record its few fields."""

    look_at_child: LookAtChild
    providers: Providers
    clock: Clock

    def __call__(self, caller: Caller, claim: ChildClaim, reason: Reason) -> OpenedRecord:
        """Return the record as the caller's organisation sees it; raises NotFound, RecordDamaged, InvalidRequest."""
        look, statements = self.look_at_child(claim, reason, Section.SERVICES)
        providers = self.providers.current()
        if look.is_limited:
            view = record.limited_record(look.number, statements)
        else:
            viewer = acting_organisation(caller)
            view = record.record(
                look.number,
                statements,
                providers.by_id,
                viewer=viewer,
                now=self.clock.now(),
                own=look.own_involvements,
            )
        if view is None:
            raise RecordDamaged
        return OpenedRecord(view=view, handle=look.handle, receipt=look.receipt)
