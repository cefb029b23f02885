"""A data manager replaces a provider's contact details, in the own authority's area; the centre does so anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from services.directory.domain.content_guard import email_fault
from services.directory.domain.providers import Contact
from services.directory.ports import Ledger, Providers, Receipt
from services.directory.use_cases.acting_organisation import is_of_own_area
from services.directory.use_cases.conclude_act import refuse_unless_done
from services.runtime.caller import Caller
from services.runtime.errors import InvalidRequest, NotFound, NotPermitted


@dataclass(frozen=True, kw_only=True)
class AmendProvider:
    """Replaces the numbers that answer, wherever they are shown."""

    ledger: Ledger
    providers: Providers

    def __call__(self, caller: Caller, *, idempotency_key: str, provider_id: UUID, contact: Contact) -> Receipt:
        """Return the act's receipt; raises InvalidRequest, NotFound, NotPermitted outside the caller's authority."""
        provider = self.providers.current().by_id.get(provider_id)
        if provider is None:
            raise NotFound
        if not is_of_own_area(caller, provider.authority):
            raise NotPermitted
        if fault := email_fault(contact.email):
            raise InvalidRequest([("email", fault)])
        # The entry first, which holds for every retry; then one transaction here, which no retry repeats.
        entered = self.ledger.enter_note(idempotency_key=idempotency_key)
        outcome = self.providers.amend(entered.act_id, provider_id, contact, entered.receipt)
        refuse_unless_done(outcome)
        return entered.receipt
