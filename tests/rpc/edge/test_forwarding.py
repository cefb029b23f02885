"""Calls through a running edge: who comes in, what goes on, and that refusals cannot be told apart."""

from __future__ import annotations

import hashlib
import itertools
import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from contactpoint.identity.v1 import identity_service_pb2 as identity_pb
from google.rpc import error_details_pb2

from gateway.edge.forward import UNLISTED as ASKED_FOR_UNLISTED
from gateway.edge.grid import AnswerGrid
from services.runtime.errors import (
    Blame,
    CeilingReached,
    DependencyUnavailable,
    InvalidRequest,
    NotPermitted,
    ServiceError,
    StandingChanged,
)
from tests.fakes.edge import MAY_SUPPLY, Arrived
from tests.rpc.edge.conftest import (
    INTERNAL,
    OPEN,
    OTHER_SESSION,
    PROVIDERS,
    SEARCH,
    SESSION,
    SHIELD,
    SIGN_IN,
    SUPPLY,
    UNLISTED,
    EdgeStack,
    StartEdge,
)
from tests.rpc.runtime.refusals import all_of, error_of, refused, status_of
from tests.support.pki import Authority


def answering(error: ServiceError) -> Callable[[Arrived], bytes]:
    def answer(_: Arrived) -> bytes:
        raise error

    return answer


# who comes in


def test_without_a_certificate_there_is_no_connection(edge: EdgeStack) -> None:
    call = edge.channel(without_certificate=True).unary_unary(SIGN_IN, None, None)
    error = error_of(lambda: call(b"", timeout=2))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert not edge.owner.arrived


def test_with_another_authoritys_certificate_there_is_none_either(edge: EdgeStack, pki: Authority) -> None:
    stranger = pki.process("gateway.web")
    assert error_of(lambda: edge.raw(SIGN_IN, issued=stranger, timeout=2)).code() is grpc.StatusCode.UNAVAILABLE
    assert not edge.owner.arrived


@pytest.mark.parametrize("process", ["directory", "identity", "gateway.edge", "audit.ledger"])
@pytest.mark.parametrize("method", [SIGN_IN, OPEN])
def test_no_process_but_the_web_gateway_comes_in(edge: EdgeStack, process: str, method: str) -> None:
    issued = edge.authority.process(process, name=f"as-client-{process}")
    assert refused(lambda: edge.raw(method, issued=issued)) == ("UNAUTHENTICATED", "NOT_AUTHENTICATED")
    assert not edge.owner.arrived
    assert not edge.identity.asked


def test_no_certificate_of_another_environment_comes_in(edge: EdgeStack) -> None:
    uris = ["spiffe://production.contactpoint/process/gateway.web"]
    issued = edge.authority.issue("other-environment", uris=uris, dns=[])
    assert refused(lambda: edge.raw(SIGN_IN, issued=issued)) == ("UNAUTHENTICATED", "NOT_AUTHENTICATED")


def test_a_registered_system_comes_in_and_identity_hears_which(edge: EdgeStack) -> None:
    issued = edge.authority.system(MAY_SUPPLY)
    assert edge.raw(OPEN, b"x", issued=issued) == b"answer to x"
    asked = edge.identity.asked[0]
    assert (asked.system, asked.channel, asked.session) == (MAY_SUPPLY, issued.thumbprint, SESSION)


# what goes on


def test_the_bytes_go_on_as_they_came(edge: EdgeStack) -> None:
    # No message at all, and a field that no contract knows: the edge neither reads nor writes what passes.
    request = bytes(range(256)) * 100
    assert edge.raw(OPEN, request) == b"answer to " + request
    (arrived,) = edge.owner.arrived
    assert (arrived.method, arrived.request, arrived.by) == (OPEN, request, "gateway.edge")
    assert arrived.metadata == {"contactpoint-act": "token-1", "contactpoint-channel": edge.web.thumbprint}
    (asked,) = edge.identity.asked
    assert asked.request_digest == hashlib.sha256(request).digest()
    assert (asked.method, asked.session, asked.channel, asked.system) == (OPEN, SESSION, edge.web.thumbprint, "")


def test_signing_in_needs_no_session_and_takes_no_token(edge: EdgeStack) -> None:
    assert edge.raw(SIGN_IN, b"factors", session=None) == b"answer to factors"
    (arrived,) = edge.owner.arrived
    assert arrived.metadata == {"contactpoint-channel": edge.web.thumbprint}
    assert not edge.identity.asked


def test_a_supplier_comes_with_its_certificate_alone(edge: EdgeStack) -> None:
    assert edge.raw(SUPPLY, b"rows", session=None, issued=edge.authority.system(MAY_SUPPLY)) == b"answer to rows"
    (asked,) = edge.identity.asked
    assert (asked.session, asked.system, asked.method) == ("", MAY_SUPPLY, SUPPLY)
    assert edge.owner.arrived[0].metadata["contactpoint-act"] == "token-1"


@pytest.mark.parametrize(
    "pair",
    [
        ("contactpoint-act", "token"),
        ("contactpoint-channel", "1" * 64),
        ("contactpoint-anything", "x"),
        ("x-user-id", "ada"),
        ("x_user_id", "ada"),
        ("x-forwarded-for", "192.0.2.1"),
        ("cookie", "session=s"),
        ("tracestate", "a=b"),
        ("traceparent", "00-" + "1" * 32 + "-" + "2" * 16 + "-01"),
        ("authorization", "Bearer " + OTHER_SESSION),
    ],
)
@pytest.mark.parametrize("method", [OPEN, SIGN_IN, UNLISTED])
def test_metadata_that_names_somebody_is_refused(edge: EdgeStack, pair: tuple[str, str], method: str) -> None:
    assert refused(lambda: edge.raw(method, metadata=[pair])) == ("INVALID_ARGUMENT", "INVALID_REQUEST")
    assert not edge.owner.arrived
    assert not edge.identity.asked


@pytest.mark.parametrize("sent", ["Basic " + SESSION, "Bearer short", "Bearer " + "s" * 3000, SESSION])
def test_a_wrong_session_is_refused_alike_everywhere(edge: EdgeStack, sent: str) -> None:
    errors = [
        error_of(lambda method=method: edge.raw(method, session=None, metadata=[("authorization", sent)]))  # type: ignore[misc]
        for method in (OPEN, SIGN_IN, SUPPLY, INTERNAL, UNLISTED)
    ]
    assert {all_of(error) for error in errors} == {all_of(errors[0])}
    assert errors[0].code() is grpc.StatusCode.UNAUTHENTICATED
    assert not edge.identity.asked


def test_metadata_that_is_too_large_is_refused(edge: EdgeStack) -> None:
    error = error_of(lambda: edge.raw(OPEN, metadata=[("x-anything", "x" * 9_000)]))
    assert error.code() in (grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert not edge.identity.asked


def test_a_request_that_is_too_large_is_refused(edge: EdgeStack) -> None:
    assert refused(lambda: edge.raw(OPEN, b"x" * (256 * 1024 + 1))) == ("INVALID_ARGUMENT", "MESSAGE_TOO_LARGE")
    assert not edge.identity.asked


# that refusals cannot be told apart


FORBIDDEN = (
    PROVIDERS,
    SUPPLY,
    "/contactpoint.audit.review.v1.ReviewService/WhoLookedAt",
    SHIELD.replace("Request", "Propose"),
)
INTERNALS = (
    INTERNAL,
    "/contactpoint.identity.v1.AuthorisationService/Authorise",
    "/contactpoint.audit.ledger.v1.ProcessService/Settle",
)
UNLISTEDS = (
    UNLISTED,
    "/nothing",
    "/contactpoint.directory.v1.DirectoryService/openrecord",
    "/grpc.health.v1.Health/Check",
    "/" + "x" * 300,
)


def refusals(edge: EdgeStack, session: str | None) -> list[tuple[tuple[Any, ...], tuple[int, int]]]:
    """Return everything that each refusal shows, and how often identity was asked and the owner reached."""
    seen = []
    for method in (*FORBIDDEN, *INTERNALS, *UNLISTEDS):
        before = len(edge.identity.asked), len(edge.owner.arrived)
        shown = all_of(error_of(lambda method=method: edge.raw(method, b"x", session=session)))  # type: ignore[misc]
        seen.append((shown, (len(edge.identity.asked) - before[0], len(edge.owner.arrived) - before[1])))
    return seen


def test_unlisted_internal_and_forbidden_answer_alike(edge: EdgeStack) -> None:
    seen = refusals(edge, SESSION)
    assert set(seen) == {seen[0]}
    shown, behind = seen[0]
    assert (shown[0], behind) == (grpc.StatusCode.PERMISSION_DENIED, (1, 0))


@pytest.mark.parametrize("session", [None, OTHER_SESSION])
def test_and_so_they_do_without_a_live_session(edge: EdgeStack, session: str | None) -> None:
    seen = refusals(edge, session)
    assert set(seen) == {seen[0]}
    shown, behind = seen[0]
    assert (shown[0], behind) == (grpc.StatusCode.UNAUTHENTICATED, (1, 0))


def test_a_name_that_no_contract_has_goes_no_further(edge: EdgeStack) -> None:
    error_of(lambda: edge.raw("/contactpoint.directory.v1.AdaLovelace/Born1815"))
    assert [asked.method for asked in edge.identity.asked] == [ASKED_FOR_UNLISTED]


def test_an_identity_that_allows_everything_opens_nothing_internal(edge: EdgeStack) -> None:
    edge.identity.instead = lambda _: "token"
    for method in (*INTERNALS, *UNLISTEDS):
        assert refused(lambda method=method: edge.raw(method)) == ("PERMISSION_DENIED", "NOT_PERMITTED")  # type: ignore[misc]
    assert not edge.owner.arrived


# what is done once more, and what is not


def test_a_changed_standing_is_authorised_and_forwarded_once_more(edge: EdgeStack) -> None:
    def answer(arrived: Arrived) -> bytes:
        if arrived.metadata["contactpoint-act"] == "token-1":
            raise StandingChanged
        return b"now"

    edge.owner.answer = answer
    assert edge.raw(OPEN, b"x") == b"now"
    assert [one.metadata["contactpoint-act"] for one in edge.owner.arrived] == ["token-1", "token-2"]
    assert {one.request for one in edge.owner.arrived} == {b"x"}


def test_and_exactly_once(edge: EdgeStack) -> None:
    edge.owner.answer = answering(StandingChanged())
    assert refused(lambda: edge.raw(OPEN)) == ("ABORTED", "STANDING_CHANGED")
    assert (len(edge.identity.asked), len(edge.owner.arrived)) == (2, 2)


def test_a_look_is_never_repeated(edge: EdgeStack) -> None:
    edge.owner.answer = answering(DependencyUnavailable())
    assert refused(lambda: edge.raw(OPEN)) == ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE")
    assert (len(edge.identity.asked), len(edge.owner.arrived)) == (1, 1)


# whom it needs


def test_without_identity_nothing_is_forwarded(start_edge: StartEdge) -> None:
    edge = start_edge()
    edge.behind["identity"].stop()
    assert refused(lambda: edge.raw(OPEN)) == ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE")
    assert not edge.owner.arrived


def test_nor_while_it_is_slow(edge: EdgeStack) -> None:
    def slow(_: identity_pb.AuthoriseRequest) -> str:
        time.sleep(1.0)
        return "token"

    edge.identity.instead = slow
    began = time.monotonic()
    error = error_of(lambda: edge.raw(OPEN, timeout=0.4))
    assert error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
    assert time.monotonic() - began < 0.9
    time.sleep(0.8)
    assert not edge.owner.arrived


@pytest.mark.parametrize("wrong", [KeyError("Ada Lovelace"), ValueError()])
def test_nor_while_it_fails(edge: EdgeStack, wrong: Exception) -> None:
    def fails(_: identity_pb.AuthoriseRequest) -> str:
        raise wrong

    edge.identity.instead = fails
    error = error_of(lambda: edge.raw(OPEN))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "Lovelace" not in str(all_of(error))
    assert not edge.owner.arrived


# refusals of others


class Unheard(ServiceError):
    """A refusal of a reason that the edge has never heard of."""

    status = "FAILED_PRECONDITION"
    reason = "SOMETHING_OF_ITS_OWN"
    blame: Blame = "user"


def test_refusals_of_the_owner_are_handed_on_whole(edge: EdgeStack) -> None:
    Unheard.field_violations = (("children[3].name", "TOO_LONG"),)  # type: ignore[attr-defined]
    edge.owner.answer = answering(_hidden(Unheard(retry_after_seconds=7)))
    status = status_of(error_of(lambda: edge.raw(OPEN)))
    assert status is not None
    info, bad, retry = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest(), error_details_pb2.RetryInfo()
    for detail, kind in zip(status.details, (info, bad, retry), strict=True):
        assert detail.Unpack(kind)
    assert (status.code, status.message) == (grpc.StatusCode.FAILED_PRECONDITION.value[0], "NOBODY_HAS_HEARD_OF_IT")
    assert (info.reason, info.domain) == ("NOBODY_HAS_HEARD_OF_IT", "gateway.edge.contactpoint")
    assert [(one.field, one.reason) for one in bad.field_violations] == [("children[3].name", "TOO_LONG")]
    assert retry.retry_delay.seconds == 7


def _hidden(error: Unheard) -> Unheard:
    """Return the error with a reason that no class in this Python process has: here both sides run in one."""
    error.reason = "NOBODY_HAS_HEARD_OF_IT"
    return error


@pytest.mark.parametrize(
    "error, said",
    [
        (CeilingReached(), ("RESOURCE_EXHAUSTED", "CEILING_REACHED")),
        (InvalidRequest([("name", "REQUIRED")]), ("INVALID_ARGUMENT", "INVALID_REQUEST")),
        (NotPermitted(), ("PERMISSION_DENIED", "NOT_PERMITTED")),
    ],
)
def test_known_refusals_cross_unchanged(edge: EdgeStack, error: ServiceError, said: tuple[str, str]) -> None:
    edge.owner.answer = answering(error)
    assert refused(lambda: edge.raw(OPEN)) == said


def test_an_owner_that_breaks_says_nothing_through_us(edge: EdgeStack) -> None:
    def breaks(_: Arrived) -> bytes:
        raise KeyError("Ada Lovelace 1815-12-10")

    edge.owner.answer = breaks
    error = error_of(lambda: edge.raw(OPEN))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert "Lovelace" not in str(all_of(error))


# the grid


def test_answers_that_disclose_and_all_refusals_leave_on_the_grid(start_edge: StartEdge) -> None:
    slept: list[float] = []
    ticks = itertools.count()
    # Each reading of the clock is 10 ms after the one before: the work of every call takes exactly that.
    grid = AnswerGrid(seconds=0.025, monotonic=lambda: next(ticks) * 0.01, sleep=slept.append)
    edge = start_edge(grid=grid)
    edge.raw(OPEN)
    edge.raw(SEARCH)
    assert slept == pytest.approx([0.015, 0.015])
    edge.raw(SHIELD)
    edge.raw(SIGN_IN, session=None)
    assert len(slept) == 2
    for number, (method, session) in enumerate(
        [(PROVIDERS, SESSION), (UNLISTED, SESSION), (INTERNAL, SESSION), (OPEN, OTHER_SESSION), (UNLISTED, None)], 3
    ):
        error_of(lambda method=method, session=session: edge.raw(method, session=session))  # type: ignore[misc]
        assert len(slept) == number
    edge.owner.answer = answering(CeilingReached())
    error_of(lambda: edge.raw(OPEN))
    assert slept == pytest.approx([0.015] * 8)
