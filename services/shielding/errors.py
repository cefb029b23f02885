"""What shielding refuses, in its own words."""

from services.runtime.errors import Blame, ServiceError


class SecondOfficerNeeded(ServiceError):
    """The officer who opened or first decided a case cannot be the second."""

    status = "FAILED_PRECONDITION"
    reason = "SECOND_OFFICER_NEEDED"
    blame: Blame = "user"
    sentence = "A second officer must approve this. Ask a colleague, or the officer who covers for your authority."


class NoAuthority(ServiceError):
    """The caller's organisation belongs to no authority, so no officer would see the case."""

    status = "FAILED_PRECONDITION"
    reason = "NO_AUTHORITY"
    blame: Blame = "user"
    sentence = "Your organisation belongs to no authority. Telephone the ContactPoint team of the child's authority."


class ChildNotFound(ServiceError):
    """The handle names no child of this session, or no longer."""

    status = "NOT_FOUND"
    reason = "NOT_FOUND"
    blame: Blame = "caller"
    sentence = "Nothing was found. Search again; if you are worried, telephone your own ContactPoint team."
