"""A practitioner records that an involvement of the own organisation has ended."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.directory.domain import involvements
from services.directory.ports import OwnInvolvement
from services.directory.use_cases.change_own_services import ChangeOwnServices, WrittenServices
from services.runtime.caller import Caller
from services.runtime.clock import london_day


@dataclass(frozen=True, kw_only=True)
class EndInvolvement:
    """Ends an involvement today; it is no longer shown, and the child no longer an own one of whose it was."""

    change_own_services: ChangeOwnServices

    def __call__(self, caller: Caller, *, idempotency_key: str, handle: bytes, involvement_id: UUID) -> WrittenServices:
        """Return once it has ended; raises NotFound for one that is not the caller's organisation's, or has ended."""
        return self.change_own_services(
            caller,
            idempotency_key=idempotency_key,
            handle=handle,
            change=lambda services, _act_id, now: involvements.ended(services, involvement_id, today=london_day(now)),
            own_involvement=OwnInvolvement.ENDS,
            involvement_id=involvement_id,
        )
