"""The refusals that only the ledger makes."""

from __future__ import annotations

from services.runtime.errors import Blame, ServiceError


class TokenSpent(ServiceError):
    """The call's token was used before."""

    status = "FAILED_PRECONDITION"
    reason = "TOKEN_SPENT"
    blame: Blame = "system"
    sentence = "This was sent before. Try again."


class SearchNeeded(ServiceError):
    """A record is created only from a search of this session by name and date, at most ten minutes old and alike."""

    status = "FAILED_PRECONDITION"
    reason = "SEARCH_NEEDED"
    blame: Blame = "user"
    sentence = "Search by name and date of birth first, then create the record from that search."


class RecordFull(ServiceError):
    """More bodies have supplied statements about one child than its row can hold."""

    status = "RESOURCE_EXHAUSTED"
    reason = "RECORD_FULL"
    blame: Blame = "system"
    sentence = "This record cannot take another entry. Telephone your team."


class AlreadyFounded(ServiceError):
    """The first organisation and administrator were entered before: that works once in the life of a log."""

    status = "FAILED_PRECONDITION"
    reason = "ALREADY_FOUNDED"
    blame: Blame = "caller"
    sentence = "The first account exists already."


class NotHere(ServiceError):
    """It is not done in this environment: batches of new children are for synthetic ones until rows are matched."""

    status = "FAILED_PRECONDITION"
    reason = "NOT_IN_THIS_ENVIRONMENT"
    blame: Blame = "caller"
    sentence = "This is not available here."


class PageTokenRefused(ServiceError):
    """A page token is not one of this session and list."""

    status = "INVALID_ARGUMENT"
    reason = "PAGE_TOKEN_REFUSED"
    blame: Blame = "caller"
    sentence = "This list has changed. Start again from its first page."


class MediationNeeded(ServiceError):
    """A mediator looks only for a colleague who was named in this session, a quarter of an hour ago at most."""

    status = "FAILED_PRECONDITION"
    reason = "MEDIATION_NEEDED"
    blame: Blame = "user"
    sentence = "First name the colleague for whom you look. It holds for 15 minutes, while the colleague may look too."


class LossNotAccepted(ServiceError):
    """Two custodians have not accepted exactly this loss of acts: nothing is taken back."""

    status = "FAILED_PRECONDITION"
    reason = "LOSS_NOT_ACCEPTED"
    blame: Blame = "caller"
    sentence = "Two custodians must accept exactly this loss first."


class NotThisGap(ServiceError):
    """No gap of that name is open: it was accepted, or more was re-entered since the name was read."""

    status = "FAILED_PRECONDITION"
    reason = "NOT_THIS_GAP"
    blame: Blame = "caller"
    sentence = "There is no such gap any more. Read its name again."


class GapNotReady(ServiceError):
    """Shielding and identity have not said all that they know beyond the gap, or it is a few seconds old."""

    status = "FAILED_PRECONDITION"
    reason = "GAP_NOT_READY"
    blame: Blame = "caller"
    sentence = "Not everything has been entered again yet. Ask the operator, then read the gap's name again."


class NoGapOpen(ServiceError):
    """The log has no gap that waits to be accepted: nothing is entered again."""

    status = "FAILED_PRECONDITION"
    reason = "NO_GAP_OPEN"
    blame: Blame = "caller"
    sentence = "There is no gap in the log that waits for this."


class OlderThanGap(ServiceError):
    """What differs comes from a process that holds no receipt of a lost entry: its copy is the older of the two."""

    status = "FAILED_PRECONDITION"
    reason = "OLDER_THAN_THE_GAP"
    blame: Blame = "caller"
    sentence = "This database is older than the log. Restore a newer one."


class NoSuchAct(ServiceError):
    """No act of that name was ever entered."""

    status = "NOT_FOUND"
    reason = "NO_SUCH_ACT"
    blame: Blame = "caller"
    sentence = "Nothing was found."
