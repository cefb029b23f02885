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
