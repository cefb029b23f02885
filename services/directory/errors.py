"""What the directory refuses, each with the sentence that a user may be told."""

from __future__ import annotations

from services.runtime.errors import Blame, InvalidRequest, ServiceError


class SearchNeeded(ServiceError):
    """A record is created only from a search of this session by name and date, at most ten minutes old and alike.

    The ledger says it; this is how the directory knows it again and hands it on.
    """

    status = "FAILED_PRECONDITION"
    reason = "SEARCH_NEEDED"
    blame: Blame = "user"
    sentence = "Search by name and date of birth first, then create the record from that search."


class MediationNeeded(ServiceError):
    """A mediator looks only for a colleague who was named: the ledger says it, and the directory hands it on."""

    status = "FAILED_PRECONDITION"
    reason = "MEDIATION_NEEDED"
    blame: Blame = "user"
    sentence = "First name the colleague for whom you look. It holds for 15 minutes, while the colleague may look too."


class LossNotAccepted(ServiceError):
    """Two custodians have not accepted exactly this loss of acts: the ledger says it, to the operator's command."""

    status = "FAILED_PRECONDITION"
    reason = "LOSS_NOT_ACCEPTED"
    blame: Blame = "caller"
    sentence = "Two custodians must accept exactly this loss first."


class TokenSpent(ServiceError):
    """The call's token was used before: the ledger says it, and the directory hands it on."""

    status = "FAILED_PRECONDITION"
    reason = "TOKEN_SPENT"
    blame: Blame = "system"
    sentence = "This was sent before. Try again."


class RecordDamaged(ServiceError):
    """A statement whose key was released is missing or altered in our own database; nothing of the record is shown."""

    status = "INTERNAL"
    reason = "RECORD_DAMAGED"
    blame: Blame = "system"
    sentence = "This record cannot be read at the moment. Telephone your ContactPoint team: they have been alarmed."


class RecordFull(ServiceError):
    """No more fits into this child's container, or (the ledger says so) into its key row."""

    status = "RESOURCE_EXHAUSTED"
    reason = "RECORD_FULL"
    blame: Blame = "system"
    sentence = "This record cannot take another entry. Telephone your team."


class ActGivenUp(ServiceError):
    """The act was interrupted and given up: nothing of it happened, and its key is spent."""

    status = "ABORTED"
    reason = "ACT_GIVEN_UP"
    blame: Blame = "system"
    sentence = "This was interrupted and nothing was recorded. Enter it again."


class ProviderTaken(ServiceError):
    """Another provider already has this URN or ODS code."""

    status = "ALREADY_EXISTS"
    reason = "PROVIDER_TAKEN"
    blame: Blame = "user"
    sentence = "A school or practice with this code is already registered. Amend that one."


class SearchNeedsMore(InvalidRequest):
    """A search asks with too little; it is on the log all the same."""

    reason = "SEARCH_NEEDS_MORE"
    blame: Blame = "user"
    sentence = "Give a surname and a date of birth, or a surname, a first name and a year of birth."


class IndexRefused(ServiceError):
    """The stored log of the search index is not what was written; nothing is searched until it is mended."""

    status = "UNAVAILABLE"
    reason = "INDEX_REFUSED"
    blame: Blame = "system"
    sentence = "Searching is not possible at the moment. Telephone your ContactPoint team: they have been alarmed."


class PageTokenRefused(ServiceError):
    """A page token is not one of this session and list: the ledger, which seals them, says so."""

    status = "INVALID_ARGUMENT"
    reason = "PAGE_TOKEN_REFUSED"
    blame: Blame = "caller"
    sentence = "This list has changed. Start again from its first page."
