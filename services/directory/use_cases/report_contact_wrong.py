"""A practitioner records that the contact of an involvement, a school or a practice did not answer."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.directory.domain import involvements
from services.directory.use_cases.change_own_services import ChangeOwnServices, WrittenServices
from services.runtime.caller import Caller


@dataclass(frozen=True, kw_only=True)
class ReportContactWrong:
    """Reports a contact; the record says so until its owner confirms it anew, or states the school or practice anew."""

    change_own_services: ChangeOwnServices

    def __call__(self, caller: Caller, *, idempotency_key: str, handle: bytes, involvement_id: UUID) -> WrittenServices:
        """Return once it is reported: an involvement by its id, a school or practice by its provider's.

        The report stands in the reporter's own statement, which cannot see whether another organisation has such an
        involvement: a report of one that does not exist changes nothing that is shown.
        """
        return self.change_own_services(
            caller,
            idempotency_key=idempotency_key,
            handle=handle,
            change=lambda services, _act_id, now: involvements.reported(services, involvement_id, now=now),
        )
