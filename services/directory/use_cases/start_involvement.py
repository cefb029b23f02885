"""A practitioner records to be working with a child."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.directory.domain import involvements
from services.directory.domain.content_guard import email_fault, name_fault
from services.directory.domain.involvements import NewInvolvement
from services.directory.domain.naming import uuid_of
from services.directory.ports import OwnInvolvement, Providers, Receipt
from services.directory.use_cases.acting_organisation import acting_organisation
from services.directory.use_cases.change_own_services import ChangeOwnServices
from services.runtime.caller import Caller
from services.runtime.clock import london_day
from services.runtime.errors import InvalidRequest


@dataclass(frozen=True, kw_only=True)
class StartedInvolvement:
    """The involvement's id, a fresh handle, and the receipt of the act."""

    involvement_id: UUID
    handle: bytes
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class StartInvolvement:
    """Records the caller's own involvement; the child becomes one of the person's own."""

    change_own_services: ChangeOwnServices
    providers: Providers

    def __call__(
        self, caller: Caller, *, idempotency_key: str, handle: bytes, new: NewInvolvement
    ) -> StartedInvolvement:
        """Return the involvement's id, the same in every retry; raises InvalidRequest, NotFound, RecordFull."""
        said = (("practitioner", name_fault(new.practitioner)), ("email", email_fault(new.email)))
        faults = [(path, fault) for path, fault in said if fault]
        provider = self.providers.current().by_id.get(new.provider_id)
        if provider is None:
            faults.append(("provider_id", "UNKNOWN_PROVIDER"))
        elif provider.organisation_id not in (None, acting_organisation(caller)):
            # Under the name of another team, a number of one's own would be phoned instead of theirs.
            faults.append(("provider_id", "ANOTHER_ORGANISATIONS_PROVIDER"))
        if faults:
            raise InvalidRequest(faults)
        written = self.change_own_services(
            caller,
            idempotency_key=idempotency_key,
            handle=handle,
            change=lambda services, act_id, now: involvements.started(
                services, new, involvement_id=_named_by(act_id), today=london_day(now), now=now
            ),
            own_involvement=OwnInvolvement.STARTS,
        )
        return StartedInvolvement(
            involvement_id=_named_by(written.act_id), handle=written.handle, receipt=written.receipt
        )


def _named_by(act_id: bytes) -> UUID:
    return uuid_of(act_id, "involvement")
