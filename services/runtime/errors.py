"""The errors a process of ours may send: each has a status and a reason, and none has room for a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import ClassVar, Literal

import grpc
from google.protobuf.message import DecodeError
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

Blame = Literal["caller", "user", "system"]

_UPPER_SNAKE = re.compile(r"[A-Z][A-Z0-9_]{1,62}")
# No quotes and no upper case: a map key inside a path could be somebody's name.
_FIELD_PATH = re.compile(r"[a-z0-9_.\[\]]{0,200}")
_DOMAIN_SUFFIX = ".contactpoint"


class ServiceError(Exception):
    """Base of every error we mean to send; its class says everything, so it takes no message.

    A service defines its own in its own `errors.py` by giving a subclass these attributes:
    `status` (a gRPC status name), `reason` (UPPER_SNAKE, part of the API), `blame` (whose fault: caller, user or
    system), `may_retry` (whether the same call may succeed later), `sentence` (what a user may be told).
    """

    status: str = "INTERNAL"
    reason: str = "INTERNAL"
    blame: Blame = "system"
    may_retry: bool = False
    sentence: str = "Something went wrong on our side. Try again later."
    retry_after_seconds: float | None = None

    def __init__(self, *, retry_after_seconds: float | None = None) -> None:
        super().__init__()
        if retry_after_seconds is not None:
            self.retry_after_seconds = retry_after_seconds

    def __init_subclass__(cls, **arguments: object) -> None:
        super().__init_subclass__(**arguments)
        if cls.status not in grpc.StatusCode.__members__ or cls.status == "OK":
            raise TypeError(f"{cls.__name__}.status is no gRPC error status")
        if not _UPPER_SNAKE.fullmatch(cls.reason):
            raise TypeError(f"{cls.__name__}.reason is not UPPER_SNAKE")


class InvalidRequest(ServiceError):
    """The request's shape is wrong; `field_violations` are pairs of field path and UPPER_SNAKE reason."""

    status = "INVALID_ARGUMENT"
    reason = "INVALID_REQUEST"
    blame: Blame = "caller"
    sentence = "Something in what was entered is missing or not in the right form."

    def __init__(self, field_violations: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        for path, reason in field_violations:
            if not _FIELD_PATH.fullmatch(path) or not _UPPER_SNAKE.fullmatch(reason):
                raise ValueError("a field violation is a field path and an UPPER_SNAKE reason")
        self.field_violations: tuple[tuple[str, str], ...] = tuple((path, reason) for path, reason in field_violations)


class NotAuthenticated(ServiceError):
    """Who is calling could not be proved; why is never said."""

    status = "UNAUTHENTICATED"
    reason = "NOT_AUTHENTICATED"
    blame: Blame = "caller"
    sentence = "You are not signed in. Sign in and try again."


class NotPermitted(ServiceError):
    """The caller may not do this; an unlisted, an internal and a forbidden method answer exactly alike."""

    status = "PERMISSION_DENIED"
    reason = "NOT_PERMITTED"
    blame: Blame = "user"
    sentence = "You may not do this. Ask your manager or your ContactPoint team."


class NotFound(ServiceError):
    """There is nothing of that name that this caller may learn of."""

    status = "NOT_FOUND"
    reason = "NOT_FOUND"
    blame: Blame = "caller"
    sentence = "Nothing was found."


class StandingChanged(ServiceError):
    """The standing that the caller's token names is not the newest; the edge authorises once more and repeats."""

    status = "ABORTED"
    reason = "STANDING_CHANGED"
    blame: Blame = "system"
    may_retry = True
    sentence = "Your access has just changed. Try again, or sign in again."


class BeingChanged(ServiceError):
    """Another act is changing the same thing at this moment; repeated once within the deadline."""

    status = "ABORTED"
    reason = "BEING_CHANGED"
    blame: Blame = "system"
    may_retry = True
    sentence = "Somebody else is changing this right now. Try again in a moment."


class DependencyUnavailable(ServiceError):
    """Something this process needs did not answer; nothing was disclosed."""

    status = "UNAVAILABLE"
    reason = "DEPENDENCY_UNAVAILABLE"
    blame: Blame = "system"
    may_retry = True
    sentence = "The service is not available at the moment. Try again, or telephone your team."


class NotTheLeader(ServiceError):
    """Another process of this name leads; here nothing was done, so the same call is safe to send to that one."""

    status = "UNAVAILABLE"
    reason = "NOT_LEADING"
    blame: Blame = "system"
    may_retry = True
    sentence = "The service is not available at the moment. Try again, or telephone your team."


class LedgerBehind(ServiceError):
    """The ledger is older than an answer that the caller holds; nothing is taken from it until it catches up."""

    status = "UNAVAILABLE"
    reason = "LEDGER_BEHIND"
    blame: Blame = "system"
    may_retry = True
    sentence = "The service is being restored. Try again later, or telephone your team."


class LedgerGapOpen(ServiceError):
    """The ledger has lost entries and says so in public; it gives nothing until two custodians have accepted that."""

    status = "UNAVAILABLE"
    reason = "LEDGER_GAP_OPEN"
    blame: Blame = "system"
    may_retry = True
    sentence = "The service is being restored. Try again later, or telephone your team."


class Busy(ServiceError):
    """More calls came than can be answered; `retry_after_seconds` says when to come back."""

    status = "RESOURCE_EXHAUSTED"
    reason = "BUSY"
    blame: Blame = "system"
    may_retry = True
    sentence = "The service is busy. Try again in a moment."
    retry_after_seconds: float | None = 1.0


class CeilingReached(ServiceError):
    """A day's ceiling of the person, organisation, system or service is reached."""

    status = "RESOURCE_EXHAUSTED"
    reason = "CEILING_REACHED"
    blame: Blame = "user"
    sentence = "Today's limit is reached. Telephone your team: somebody else can lift it."


class KeyReused(ServiceError):
    """The idempotency key was used before, for another request."""

    status = "FAILED_PRECONDITION"
    reason = "IDEMPOTENCY_KEY_REUSED"
    blame: Blame = "caller"
    sentence = "This was sent before with other contents. Start again."


class MessageTooLarge(ServiceError):
    """A request or an answer is larger than any of ours may be."""

    status = "INVALID_ARGUMENT"
    reason = "MESSAGE_TOO_LARGE"
    blame: Blame = "caller"
    sentence = "Too much was sent at once."


class DeadlineTooShort(ServiceError):
    """What was left of the call's deadline is not enough to do the work."""

    status = "DEADLINE_EXCEEDED"
    reason = "DEADLINE_TOO_SHORT"
    blame: Blame = "system"
    may_retry = True
    sentence = "The service took too long. Try again."


class Forwarded(ServiceError):
    """Another process's refusal, handed on as it came by a process that does not know it (the edge)."""

    catalogued: ClassVar[bool] = False

    def __init__(
        self,
        *,
        status: str,
        reason: str,
        retry_after_seconds: float | None = None,
        field_violations: Sequence[tuple[str, str]] = (),
    ) -> None:
        super().__init__(retry_after_seconds=retry_after_seconds)
        self.status = status
        self.reason = reason
        self.field_violations = tuple(field_violations)


def every_error() -> list[type[ServiceError]]:
    """Return every error class imported so far, by reason; the source of `docs/errors.md`."""
    found = {error for error in _below(ServiceError) if error is not Forwarded}
    return sorted(found, key=lambda error: (error.reason, error.__module__, error.__qualname__))


def to_wire(error: ServiceError, domain: str) -> status_pb2.Status:
    """Return the status that says `error`: ErrorInfo always, BadRequest and RetryInfo where they say something."""
    number: int = grpc.StatusCode[error.status].value[0]
    status = status_pb2.Status(code=number, message=error.reason)
    status.details.add().Pack(error_details_pb2.ErrorInfo(reason=error.reason, domain=domain))
    violations = getattr(error, "field_violations", ())
    if violations:
        bad = error_details_pb2.BadRequest()
        for path, reason in violations:
            bad.field_violations.add(field=path, description=reason, reason=reason)
        status.details.add().Pack(bad)
    if error.retry_after_seconds is not None:
        retry = error_details_pb2.RetryInfo()
        retry.retry_delay.FromNanoseconds(int(error.retry_after_seconds * 1e9))
        status.details.add().Pack(retry)
    return status


def from_wire(error: grpc.RpcError, *, known: Iterable[type[ServiceError]] = (), forward: bool = False) -> ServiceError:
    """Return the ServiceError that a peer's refusal says, so that it crosses any number of hops unchanged.

    A reason is looked up in `known` first (a caller's own class for a peer's reason), then among all classes imported.
    An unknown reason becomes DependencyUnavailable or, with `forward`, a Forwarded with the same status and reason.
    A bare RESOURCE_EXHAUSTED (the peer's gRPC library refused) is Busy, any other bare status DependencyUnavailable.
    """
    status = _status_of(error)
    info = error_details_pb2.ErrorInfo()
    if status is None or not _unpack(status, info) or not info.domain.endswith(_DOMAIN_SUFFIX):
        return Busy() if code_of(error) is grpc.StatusCode.RESOURCE_EXHAUSTED else DependencyUnavailable()
    retry = error_details_pb2.RetryInfo()
    after = retry.retry_delay.ToNanoseconds() / 1e9 if _unpack(status, retry) else None
    violations = _violations_of(status)
    names = {number.value[0]: number.name for number in grpc.StatusCode}
    name = names.get(status.code, "UNKNOWN")
    for found in (*known, *every_error()):
        if found.reason == info.reason and found.status == name:
            return _made(found, after, violations)
    if forward and name != "OK" and _UPPER_SNAKE.fullmatch(info.reason):
        return Forwarded(status=name, reason=info.reason, retry_after_seconds=after, field_violations=violations)
    return DependencyUnavailable()


def code_of(error: grpc.RpcError) -> grpc.StatusCode | None:
    """Return a refusal's status, or None for an error that never was a call."""
    code: Callable[[], grpc.StatusCode] | None = getattr(error, "code", None)
    return code() if code is not None else None


def _made(found: type[ServiceError], after: float | None, violations: Sequence[tuple[str, str]]) -> ServiceError:
    # Past the constructor: a subclass may ask for arguments of its own.
    error = found.__new__(found)
    Exception.__init__(error)
    if issubclass(found, InvalidRequest):
        InvalidRequest.__init__(error, violations)  # type: ignore[arg-type]  # it is one, by the line above
    if after is not None:
        error.retry_after_seconds = after
    return error


def _status_of(error: grpc.RpcError) -> status_pb2.Status | None:
    if code_of(error) is None:
        return None
    try:
        found: status_pb2.Status | None = rpc_status.from_call(error)  # type: ignore[arg-type]  # it is a Call, as the line above found
    except (ValueError, DecodeError):
        # The details contradict the status, or are none: it is not ours.
        return None
    return found


def _violations_of(status: status_pb2.Status) -> tuple[tuple[str, str], ...]:
    bad = error_details_pb2.BadRequest()
    if not _unpack(status, bad):
        return ()
    pairs = ((violation.field, violation.description) for violation in bad.field_violations)
    return tuple((path, why) for path, why in pairs if _FIELD_PATH.fullmatch(path) and _UPPER_SNAKE.fullmatch(why))


def _unpack(
    status: status_pb2.Status,
    into: error_details_pb2.ErrorInfo | error_details_pb2.BadRequest | error_details_pb2.RetryInfo,
) -> bool:
    return any(detail.Unpack(into) for detail in status.details if detail.Is(into.DESCRIPTOR))


def _below(base: type[ServiceError]) -> Iterator[type[ServiceError]]:
    for error in base.__subclasses__():
        yield error
        yield from _below(error)
