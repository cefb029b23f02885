"""An error of ours says its class and nothing else, and crosses the wire unchanged."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc import code_pb2
from grpc_status import rpc_status

from services.runtime import errors
from services.runtime.errors import (
    Busy,
    DependencyUnavailable,
    Forwarded,
    InvalidRequest,
    NotFound,
    ServiceError,
    every_error,
    from_wire,
    to_wire,
)


class Refused(grpc.RpcError):
    """A refusal as gRPC's client raises it."""

    def __init__(self, code: grpc.StatusCode, details: str, trailing: tuple[tuple[str, Any], ...] = ()) -> None:
        super().__init__()
        self._code, self._details, self._trailing = code, details, trailing

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> Any:
        return self._trailing


def sent(error: ServiceError, domain: str = "audit.ledger.contactpoint") -> Refused:
    wire = rpc_status.to_status(to_wire(error, domain))
    return Refused(wire.code, wire.details, wire.trailing_metadata)


def plain() -> list[type[ServiceError]]:
    return [error for error in every_error() if error.__module__ == errors.__name__]


@pytest.mark.parametrize("error", plain(), ids=lambda error: error.reason)
def test_every_error_comes_back_as_itself(error: type[ServiceError]) -> None:
    found = from_wire(sent(error()))
    assert type(found) is error
    assert found.retry_after_seconds == error.retry_after_seconds


def test_fields_and_delay_come_back() -> None:
    violations = [("name.surname", "REQUIRED"), ("children[3].born", "NOT_A_DATE")]
    found = from_wire(sent(InvalidRequest(violations)))
    assert isinstance(found, InvalidRequest)
    assert found.field_violations == tuple(violations)
    assert from_wire(sent(Busy(retry_after_seconds=0.25))).retry_after_seconds == 0.25


def test_a_peers_own_reason_comes_back_as_the_callers_class() -> None:
    class HandleExpired(ServiceError):
        status, reason = "FAILED_PRECONDITION", "HANDLE_EXPIRED_IN_A_TEST"

    class Theirs(ServiceError):
        status, reason = "FAILED_PRECONDITION", "HANDLE_EXPIRED_IN_A_TEST"

    assert type(from_wire(sent(Theirs()), known=[HandleExpired])) is HandleExpired
    assert type(from_wire(sent(HandleExpired()), known=[Theirs])) is Theirs


def test_a_class_with_arguments_of_its_own_comes_back() -> None:
    class NeedsMore(ServiceError):
        status, reason = "FAILED_PRECONDITION", "NEEDS_MORE_IN_A_TEST"

        def __init__(self, count: int) -> None:
            super().__init__()
            self.count = count

    assert isinstance(from_wire(sent(NeedsMore(3))), NeedsMore)


UNKNOWN: dict[str, grpc.RpcError] = {
    "no call at all": grpc.RpcError(),
    "bare": Refused(grpc.StatusCode.UNAVAILABLE, "connection refused"),
    "bare deadline": Refused(grpc.StatusCode.DEADLINE_EXCEEDED, "Deadline Exceeded"),
    "text": Refused(grpc.StatusCode.UNKNOWN, "Exception: Ada Lovelace"),
    "another domain": sent(NotFound(), "example.org"),
    "an unknown reason": sent(Forwarded(status="ABORTED", reason="NOBODY_KNOWS_THIS")),
    "a known reason under another status": sent(Forwarded(status="ABORTED", reason="NOT_FOUND")),
    "details that contradict": Refused(grpc.StatusCode.OK, "", sent(NotFound()).trailing_metadata()),
    "details of rubbish": Refused(
        grpc.StatusCode.NOT_FOUND, "NOT_FOUND", (("grpc-status-details-bin", b"\xff\xff\xff"),)
    ),
}


@pytest.mark.parametrize("error", UNKNOWN.values(), ids=UNKNOWN.keys())
def test_whatever_is_not_ours_is_a_dependency_that_failed(error: grpc.RpcError) -> None:
    assert type(from_wire(error)) is DependencyUnavailable


def test_a_bare_resource_exhausted_is_busy() -> None:
    assert type(from_wire(Refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "Concurrent RPC limit exceeded!"))) is Busy


def test_the_edge_hands_on_reason_and_status() -> None:
    found = from_wire(sent(Forwarded(status="ABORTED", reason="NOBODY_KNOWS_THIS")), forward=True)
    assert isinstance(found, Forwarded)
    assert to_wire(found, "gateway.edge.contactpoint").code == code_pb2.ABORTED


def test_there_is_no_room_for_a_name() -> None:
    made: Any
    for error in plain():
        made = error
        assert error().args == ()
        assert str(error()) == ""
        with pytest.raises(TypeError):
            made("Ada Lovelace", "2010-01-01")


@pytest.mark.parametrize(
    "violation", [('names["Ada"]', "REQUIRED"), ("Ada Lovelace", "REQUIRED"), ("name", "Ada is no name"), ("name", "")]
)
def test_nor_in_a_field_violation(violation: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="field violation"):
        InvalidRequest([violation])


def test_a_class_that_could_not_be_sent_is_not_made() -> None:
    with pytest.raises(TypeError, match="UPPER_SNAKE"):
        type("Bad", (ServiceError,), {"reason": "not a reason"})
    with pytest.raises(TypeError, match="status"):
        type("Bad", (ServiceError,), {"status": "NO_SUCH_STATUS"})


def test_the_catalogue_has_what_its_page_needs() -> None:
    for error in plain():
        assert error.blame in {"caller", "user", "system"}
        assert error.sentence.endswith(".")
        assert error.__doc__
