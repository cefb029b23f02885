"""What the review refuses, in its own words."""

from services.runtime.errors import Blame, ServiceError


class LogNotProvable(ServiceError):
    """The ledger's entries do not lead to its own checkpoint: none of them is shown."""

    status = "DATA_LOSS"
    reason = "LOG_NOT_PROVABLE"
    blame: Blame = "system"
    sentence = "The log could not be proved whole, so nothing of it is shown. The operator has been told."


class PageTokenRefused(ServiceError):
    """A page token is not one of this session and list; the ledger, which seals them, says so."""

    status = "INVALID_ARGUMENT"
    reason = "PAGE_TOKEN_REFUSED"
    blame: Blame = "caller"
    sentence = "This list has changed. Start again from its first page."


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
