"""What shielding refuses, in its own words."""

from services.runtime.errors import Blame, ServiceError


class SecondOfficerNeeded(ServiceError):
    """Who opened a case, or approved it before, cannot be the second person."""

    status = "FAILED_PRECONDITION"
    reason = "SECOND_OFFICER_NEEDED"
    blame: Blame = "user"
    sentence = "A second officer must approve this. Ask a colleague, or the officer who covers for your authority."


class ShieldStands(ServiceError):
    """The shield was made active by two people before; nothing waits for an approval."""

    status = "FAILED_PRECONDITION"
    reason = "SHIELD_STANDS"
    blame: Blame = "user"
    sentence = "Two people have approved this shield already. There is nothing left to approve."


class NoAuthority(ServiceError):
    """The caller's organisation belongs to no authority, so no officer would see the case."""

    status = "FAILED_PRECONDITION"
    reason = "NO_AUTHORITY"
    blame: Blame = "user"
    sentence = "Your organisation belongs to no authority. Telephone the ContactPoint team of the child's authority."


class ActGivenUp(ServiceError):
    """The act was interrupted and given up: nothing of it happened, and its key is spent."""

    status = "ABORTED"
    reason = "ACT_GIVEN_UP"
    blame: Blame = "system"
    sentence = "This was interrupted and nothing was recorded. Enter it again."
