"""A practitioner sets the indicators of an involvement of the own organisation."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.directory.domain import involvements
from services.directory.domain.involvements import Marks
from services.directory.use_cases.change_own_services import ChangeOwnServices, WrittenServices
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class MarkInvolvement:
    """Sets lead professional and Common Assessment; the newest lead of all sources is the one that is shown."""

    change_own_services: ChangeOwnServices

    def __call__(
        self, caller: Caller, *, idempotency_key: str, handle: bytes, involvement_id: UUID, marks: Marks
    ) -> WrittenServices:
        """Return once both are set; raises NotFound for one that is not the caller's organisation's, or has ended."""
        return self.change_own_services(
            caller,
            idempotency_key=idempotency_key,
            handle=handle,
            change=lambda services, _act_id, now: involvements.marked(services, involvement_id, marks, now=now),
        )
