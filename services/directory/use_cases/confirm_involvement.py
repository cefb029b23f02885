"""A practitioner records that an involvement of the own organisation still holds."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.directory.domain import involvements
from services.directory.use_cases.change_own_services import ChangeOwnServices, WrittenServices
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class ConfirmInvolvement:
    """Confirms an involvement; a contact that was reported wrong counts as mended."""

    change_own_services: ChangeOwnServices

    def __call__(self, caller: Caller, *, idempotency_key: str, handle: bytes, involvement_id: UUID) -> WrittenServices:
        """Return once it is confirmed; raises NotFound for one not of the caller's organisation, or ended."""
        return self.change_own_services(
            caller,
            idempotency_key=idempotency_key,
            handle=handle,
            change=lambda services, _act_id, now: involvements.confirmed(services, involvement_id, now=now),
            involvement_id=involvement_id,
        )
