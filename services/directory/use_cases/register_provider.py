"""A data manager enters a school, practice or team of the own authority's area; the centre does so anywhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

from services.directory.domain.content_guard import address_line_fault, email_fault
from services.directory.domain.naming import uuid_of
from services.directory.domain.providers import Provider, code_faults
from services.directory.ports import Ledger, Providers, Receipt
from services.directory.use_cases.acting_organisation import is_of_own_area
from services.directory.use_cases.conclude_act import refuse_unless_done
from services.runtime.caller import Caller
from services.runtime.errors import InvalidRequest, NotPermitted


@dataclass(frozen=True, kw_only=True)
class RegisteredProvider:
    """The provider's id, and the receipt of the act."""

    provider_id: UUID
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class RegisterProvider:
    """Adds a provider under an id of its own."""

    ledger: Ledger
    providers: Providers

    def __call__(self, caller: Caller, *, idempotency_key: str, described: Provider) -> RegisteredProvider:
        """Return the new provider's id, the same in every retry; `described` has any id.

        Raises InvalidRequest, NotPermitted outside the caller's own authority's area, ProviderTaken for a code in use.
        """
        if not is_of_own_area(caller, described.authority):
            raise NotPermitted
        faults = code_faults(kind=described.kind, urn=described.urn, ods_code=described.ods_code)
        said = (("name", address_line_fault(described.name)), ("email", email_fault(described.contact.email)))
        faults += [(path, fault) for path, fault in said if fault]
        if faults:
            raise InvalidRequest(faults)
        # The entry first, which holds for every retry; then one transaction here, which no retry repeats.
        entered = self.ledger.enter_note(idempotency_key=idempotency_key)
        provider = replace(described, provider_id=uuid_of(entered.act_id, "provider"))
        outcome = self.providers.register(entered.act_id, provider, entered.receipt)
        refuse_unless_done(outcome)
        return RegisteredProvider(provider_id=provider.provider_id, receipt=entered.receipt)
