"""The refusals that identity makes besides those of every process."""

from __future__ import annotations

from services.identity.domain.conditions import Condition
from services.runtime.errors import Blame, ServiceError


class SignInRefused(ServiceError):
    """User name, password or code is wrong: which of them, nobody learns."""

    status = "UNAUTHENTICATED"
    reason = "SIGN_IN_REFUSED"
    blame: Blame = "user"
    sentence = "You could not be signed in. Wait for a new code and try again, then check your phone's clock."


class SessionEnded(ServiceError):
    """There is no such live session on this channel."""

    status = "UNAUTHENTICATED"
    reason = "SESSION_ENDED"
    blame: Blame = "user"
    sentence = "Your session has ended. Sign in again."


class ConditionLapsed(ServiceError):
    """Somebody whose factors were right is outside because a condition does not hold now."""

    status = "PERMISSION_DENIED"
    reason = "CONDITION_LAPSED"
    blame: Blame = "user"
    sentence = "One of the conditions of your access has lapsed. Ask your manager."


class ServiceStopped(ConditionLapsed):
    """The whole service is stopped."""

    reason = "CONDITION_LAPSED_SERVICE"
    blame: Blame = "system"
    sentence = "The service has been stopped. Telephone your team: the department starts it again."


class OrganisationNotWorking(ConditionLapsed):
    """The employer is not accredited and live."""

    reason = "CONDITION_LAPSED_ORGANISATION"
    sentence = "Your organisation's accreditation does not hold now. Its responsible person can mend this."


class Suspended(ConditionLapsed):
    """The person is suspended."""

    reason = "CONDITION_LAPSED_SUSPENSION"
    sentence = "Your access is suspended. Ask your manager."


class NotSponsored(ConditionLapsed):
    """The employer's sponsorship is over."""

    reason = "CONDITION_LAPSED_SPONSORSHIP"
    sentence = "Your employer's sponsorship of your access is over. Your manager can renew it."


class CheckTooOld(ConditionLapsed):
    """The criminal-record check is older than three years."""

    reason = "CONDITION_LAPSED_CHECK"
    sentence = "Your criminal-record check is older than three years. Your manager can record a new one."


class BarredListNotClear(ConditionLapsed):
    """The barred lists are not clear."""

    reason = "CONDITION_LAPSED_BARRED_LIST"
    sentence = "Your entry with the barred lists is not clear. Ask your manager."


class TrainingOver(ConditionLapsed):
    """The training is no longer valid."""

    reason = "CONDITION_LAPSED_TRAINING"
    sentence = "Your training is no longer valid. Your manager can record a new one."


class FactorsNotBound(ConditionLapsed):
    """Not both factors are bound."""

    reason = "CONDITION_LAPSED_FACTORS"
    sentence = "Your password and authenticator are not both set up. Your manager can start your enrolment again."


class NoRole(ConditionLapsed):
    """No role is granted now."""

    reason = "CONDITION_LAPSED_ROLE"
    sentence = "No role is granted to you at present. Your user administrator can grant one."


class PolicyDue(ConditionLapsed):
    """The current policy has not been acknowledged."""

    reason = "CONDITION_LAPSED_POLICY"
    sentence = "Read and acknowledge the current policy first."


LAPSED: dict[Condition, type[ConditionLapsed]] = {
    Condition.SERVICE: ServiceStopped,
    Condition.ORGANISATION: OrganisationNotWorking,
    Condition.SUSPENSION: Suspended,
    Condition.SPONSORSHIP: NotSponsored,
    Condition.CHECK: CheckTooOld,
    Condition.BARRED_LIST: BarredListNotClear,
    Condition.TRAINING: TrainingOver,
    Condition.FACTORS: FactorsNotBound,
    Condition.ROLE: NoRole,
    Condition.POLICY: PolicyDue,
}
"""What a person is told of each condition."""


class EnrolmentRefused(ServiceError):
    """Link or code is wrong, used up or too old: which of them, nobody learns."""

    status = "UNAUTHENTICATED"
    reason = "ENROLMENT_REFUSED"
    blame: Blame = "user"
    sentence = "Link and code do not open an account. After five tries or three days ask your manager for new ones."


class CodeRefused(ServiceError):
    """The new authenticator does not show this code now."""

    status = "INVALID_ARGUMENT"
    reason = "CODE_REFUSED"
    blame: Blame = "user"
    sentence = "The six digits are not right. Wait for new ones, then check your phone's clock."


class WeakPassword(ServiceError):
    """The password is easily guessed."""

    status = "INVALID_ARGUMENT"
    reason = "WEAK_PASSWORD"
    blame: Blame = "user"
    sentence = "This password is easily guessed. Choose a longer one, such as four words that do not belong together."


class UsernameTaken(ServiceError):
    """Somebody has this user name."""

    status = "ALREADY_EXISTS"
    reason = "USERNAME_TAKEN"
    blame: Blame = "user"
    sentence = "This user name is taken. Choose another."


class SystemKnown(ServiceError):
    """A system of this id is registered."""

    status = "ALREADY_EXISTS"
    reason = "SYSTEM_REGISTERED"
    blame: Blame = "user"
    sentence = "A system with this identity is registered already."


class RolesConflict(ServiceError):
    """Nobody keeps accounts and reviews their use."""

    status = "FAILED_PRECONDITION"
    reason = "ROLES_CONFLICT"
    blame: Blame = "user"
    sentence = "One person cannot hold both of these roles."


class NotOneself(ServiceError):
    """Nobody administers the own account."""

    status = "PERMISSION_DENIED"
    reason = "NOT_ONESELF"
    blame: Blame = "user"
    sentence = "Somebody else has to do this for your account."


class AddressNotAllowed(ServiceError):
    """Link and code go to two people, and neither is the administrator."""

    status = "INVALID_ARGUMENT"
    reason = "ADDRESS_NOT_ALLOWED"
    blame: Blame = "user"
    sentence = "The person and the manager need two different e-mail addresses, and neither may be your own."


class AlreadyEnrolled(ServiceError):
    """The person has factors: a lost one is recovered, not enrolled again."""

    status = "FAILED_PRECONDITION"
    reason = "ALREADY_ENROLLED"
    blame: Blame = "user"
    sentence = "This person has set up an account already."


class ColleagueRefused(ServiceError):
    """Nobody of that name whom this mediator may serve could look now; why is not said: nobody is found by trying."""

    status = "FAILED_PRECONDITION"
    reason = "COLLEAGUE_REFUSED"
    blame: Blame = "user"
    sentence = "You cannot look for this colleague. Check the user name, then ask the colleague's administrator."


class PolicyNotCurrent(ServiceError):
    """The version read is not the one that stands now."""

    status = "FAILED_PRECONDITION"
    reason = "POLICY_NOT_CURRENT"
    blame: Blame = "caller"
    sentence = "The policy has changed. Read the current version."


class OrganisationWithdrawn(ServiceError):
    """A withdrawn organisation does not come back: it applies again."""

    status = "FAILED_PRECONDITION"
    reason = "ORGANISATION_WITHDRAWN"
    blame: Blame = "user"
    sentence = "This organisation was withdrawn. It has to apply again."


class NotFounded(ServiceError):
    """There is no service yet that could be stopped."""

    status = "FAILED_PRECONDITION"
    reason = "NOT_FOUNDED"
    blame: Blame = "user"
    sentence = "The service was not founded yet. Nothing was changed."


class ServiceNotStopped(ServiceError):
    """What is not stopped cannot be resumed."""

    status = "FAILED_PRECONDITION"
    reason = "SERVICE_NOT_STOPPED"
    blame: Blame = "user"
    sentence = "The service is not stopped. Nothing was changed."


class SecondCustodianNeeded(ServiceError):
    """One custodian has asked that the service goes on; the same one does not confirm it."""

    status = "FAILED_PRECONDITION"
    reason = "SECOND_CUSTODIAN_NEEDED"
    blame: Blame = "user"
    sentence = "You have asked for this. Another custodian has to do the same, within a day."


class LossNotAccepted(ServiceError):
    """Two custodians have not accepted exactly this loss: the ledger says it, to the operator's command."""

    status = "FAILED_PRECONDITION"
    reason = "LOSS_NOT_ACCEPTED"
    blame: Blame = "caller"
    sentence = "Two custodians must accept exactly this loss first."


class AlreadyFounded(ServiceError):
    """There is a first administrator already; nothing was changed."""

    status = "FAILED_PRECONDITION"
    reason = "ALREADY_FOUNDED"
    blame: Blame = "user"
    sentence = "The service was founded before. Nothing was changed."
