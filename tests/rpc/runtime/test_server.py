"""A server drains, refuses what it has no room for, keeps health apart, and takes new certificates while it serves."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.settlement.outside import refusal_of
from services.runtime.call_rates import CallRate
from services.runtime.certificates import WatchedCertificates
from services.runtime.health_server import PortTaken
from services.runtime.server import ServerSettings
from services.runtime.server import start as start_server
from tests.rpc.runtime.conftest import EXPOSED, OPEN, TABLE, Stack, Start, register
from tests.rpc.runtime.refusals import refused
from tests.support.pki import Issued

REQUEST = StringValue(value="hello").SerializeToString()
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


class Gate:
    """An echo that waits to be let through."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self, one: StringValue) -> StringValue:
        self.entered.release()
        assert self.open.wait(5)
        return one


def health_of(stack: Stack, name: str = "") -> int:
    with grpc.insecure_channel(f"127.0.0.1:{stack.running.health_port}") as channel:
        check = health_pb2_grpc.HealthStub(channel).Check
        return int(check(health_pb2.HealthCheckRequest(service=name), timeout=2).status)


def until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    ends_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.02)


def test_calls_in_flight_finish_and_new_ones_are_refused(start_stack: Start) -> None:
    gate = Gate()
    stack = start_stack(gate)
    with ThreadPoolExecutor(2) as pool:
        call = stack.channel().unary_unary(OPEN, None, None).future(REQUEST, timeout=4)
        assert gate.entered.acquire(timeout=5)
        stopped = pool.submit(stack.running.stop)
        until(lambda: _refuses(stack))
        gate.open.set()
        assert call.result() == REQUEST
        stopped.result(5)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", stack.running.port), 1)


def _refuses(stack: Stack) -> bool:
    try:
        stack.raw(OPEN, REQUEST, timeout=0.2)
    except grpc.RpcError as error:
        return error.code() is grpc.StatusCode.UNAVAILABLE
    return False


def test_a_call_that_outlasts_the_drain_is_ended(start_stack: Start) -> None:
    gate = Gate()
    stack = start_stack(gate, drain_seconds=0.2)
    call = stack.channel().unary_unary(OPEN, None, None).future(REQUEST, timeout=4)
    assert gate.entered.acquire(timeout=5)
    began = time.monotonic()
    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(stack.running.stop)
        assert isinstance(call.exception(), grpc.RpcError)
        assert time.monotonic() - began < 2
        gate.open.set()
        stopped.result(5)


def test_health_answers_while_all_workers_are_busy(start_stack: Start) -> None:
    gate = Gate()
    stack = start_stack(gate, workers=1, waiting=1)
    call = stack.channel().unary_unary(OPEN, None, None).future(REQUEST, timeout=4)
    assert gate.entered.acquire(timeout=5)
    until(lambda: health_of(stack) == SERVING)
    gate.open.set()
    assert call.result() == REQUEST


def test_health_says_what_is_ready_by_name(start_stack: Start) -> None:
    is_leader = threading.Event()
    stack = start_stack(readiness={"": lambda: True, "leader": is_leader.is_set})
    until(lambda: health_of(stack) == SERVING)
    assert health_of(stack, "leader") == NOT_SERVING
    is_leader.set()
    until(lambda: health_of(stack, "leader") == SERVING)


def test_the_health_port_answers_nothing_else(stack: Stack) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{stack.running.health_port}") as channel:
        assert refused(lambda: channel.unary_unary(OPEN, None, None)(REQUEST, timeout=2))[0] == "UNIMPLEMENTED"


def test_the_calls_port_answers_no_health(stack: Stack) -> None:
    assert refused(lambda: stack.raw("/grpc.health.v1.Health/Check", b"")) == ("PERMISSION_DENIED", "NOT_PERMITTED")


def test_more_than_there_is_room_for_is_refused_at_once(start_stack: Start) -> None:
    gate = Gate()
    stack = start_stack(gate, workers=2, waiting=2)
    call = stack.channel().unary_unary(OPEN, None, None)
    held = [call.future(REQUEST, timeout=4) for _ in range(4)]
    assert gate.entered.acquire(timeout=5)
    until(lambda: _is_busy(stack))
    began = time.monotonic()
    assert refused(lambda: stack.raw(OPEN, REQUEST)) == ("RESOURCE_EXHAUSTED", "BUSY")
    assert time.monotonic() - began < 1
    gate.open.set()
    assert [one.result() for one in held] == [REQUEST] * 4
    assert stack.raw(OPEN, REQUEST) == REQUEST


def _answers(stack: Stack) -> bool:
    try:
        return stack.raw(OPEN, REQUEST, timeout=1) == REQUEST
    except grpc.RpcError:
        return False


def _is_busy(stack: Stack) -> bool:
    try:
        stack.raw(OPEN, REQUEST, timeout=0.1)
    except grpc.RpcError as error:
        return error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    return False


def test_a_method_with_workers_of_its_own_is_not_delayed(start_stack: Start) -> None:
    gate = Gate()

    def echo(one: StringValue) -> StringValue:
        return gate(one) if one.value == "slow" else one

    stack = start_stack(echo, workers=1, waiting=0, own_pools={EXPOSED: 1})
    slow = StringValue(value="slow").SerializeToString()
    call = stack.channel().unary_unary(OPEN, None, None).future(slow, timeout=4)
    assert gate.entered.acquire(timeout=5)
    assert refused(lambda: stack.raw(OPEN, REQUEST)) == ("RESOURCE_EXHAUSTED", "BUSY")
    assert stack.echo("fast") == "fast"
    gate.open.set()
    assert call.result() == slow


def test_a_method_is_taken_at_its_rate_and_the_others_as_they_come(start_stack: Start) -> None:
    stack = start_stack(rates={OPEN: CallRate(in_all=4, of_one_caller=2)})
    said = [_said_of(stack) for _ in range(20)]
    assert set(said) == {"OK", "BUSY"}
    assert said[:2] == ["OK", "OK"]
    assert said.count("OK") < 10
    assert stack.echo("another method") == "another method"
    # Another certificate has a share of its own: its call is taken, and refused for what it is.
    assert _said_of(stack, stack.authority.process("gateway.web")) == "NOT_PERMITTED"


def test_whoever_is_given_another_certificate_has_the_same_share(start_stack: Start) -> None:
    """Else two certificates of one supplier, as every renewal leaves them, take what is left to everybody else."""
    stack = start_stack(rates={OPEN: CallRate(in_all=4, of_one_caller=0.01)})
    assert [_said_of(stack) for _ in range(2)] == ["OK", "BUSY"]
    assert _said_of(stack, stack.authority.process("gateway.edge", name="renewed")) == "BUSY"
    assert _said_of(stack, stack.authority.process("gateway.web")) == "NOT_PERMITTED"


def test_above_its_rate_a_call_is_refused_before_its_request_has_come(start_stack: Start) -> None:
    stack, never = start_stack(rates={OPEN: CallRate(in_all=0.01, of_one_caller=0.01)}), threading.Event()
    assert _said_of(stack) == "OK"

    def nothing() -> Iterator[bytes]:
        never.wait(20)
        yield from ()

    began = time.monotonic()
    assert refused(lambda: stack.channel().stream_unary(OPEN, None, None)(nothing())) == ("RESOURCE_EXHAUSTED", "BUSY")
    assert time.monotonic() - began < 2
    never.set()


def _said_of(stack: Stack, issued: Issued | None = None) -> str:
    try:
        stack.raw(OPEN, REQUEST, issued=issued)
    except grpc.RpcError as error:
        return refusal_of(error).reason
    return "OK"


def test_callers_who_send_nothing_hold_no_worker_and_are_ended(start_stack: Start) -> None:
    stack, never = start_stack(workers=2, waiting=2), threading.Event()

    def nothing() -> Iterator[bytes]:
        never.wait(20)
        yield from ()

    began = time.monotonic()
    held = [stack.channel().stream_unary(OPEN, None, None).future(nothing()) for _ in range(12)]
    time.sleep(0.5)
    assert _answers(stack)
    assert not any(one.done() for one in held)
    assert all(one.exception() is not None for one in held)
    assert time.monotonic() - began < 7
    never.set()


def test_a_call_without_a_request_is_refused_alike(stack: Stack) -> None:
    for method in (OPEN, EXPOSED, "/nothing.of.Ours/AtAll"):
        call = stack.channel().stream_unary(method, None, None)
        assert refused(partial(call, iter(()), timeout=2)) == ("INVALID_ARGUMENT", "INVALID_REQUEST")


def test_background_work_is_told_to_stop_and_waited_for(start_stack: Start) -> None:
    ended: list[str] = []

    def work(stopping: threading.Event) -> None:
        stopping.wait()
        time.sleep(0.1)
        ended.append("tidied")

    stack = start_stack(also_until_stopped=[work])
    stack.running.stop()
    assert ended == ["tidied"]


def test_background_work_that_dies_fails_the_server(start_stack: Start) -> None:
    def work(_: threading.Event) -> None:
        raise KeyError("Ada Lovelace")

    stack = start_stack(also_until_stopped=[work])
    until(lambda: stack.running.has_failed)


def test_a_taken_port_is_said(stack: Stack) -> None:
    settings = ServerSettings(
        process="directory",
        host="127.0.0.1",
        port=stack.running.port,
        health_port=0,
        workers=1,
        waiting=1,
        drain_seconds=0,
        connection_age_seconds=60,
    )
    with pytest.raises(PortTaken, match=str(stack.running.port)):
        start_server(
            register(lambda one: one),
            settings=settings,
            certificates=WatchedCertificates(stack.server.files),
            interceptors=[],
            table=TABLE,
        )


def test_a_ten_minute_certificate_is_replaced_while_serving(start_stack: Start) -> None:
    stack = start_stack()
    ten_minutes = dt.timedelta(minutes=10)
    first = _served(stack)
    held = stack.channel().unary_unary(OPEN, None, None)
    assert held(REQUEST, timeout=2) == REQUEST

    # Half a set changes nothing: the old one is kept.
    key = stack.server.files.private_key.read_bytes()
    stack.authority.process("directory", lives=ten_minutes)
    whole = stack.server.files.private_key.read_bytes()
    stack.server.files.private_key.write_bytes(key)
    time.sleep(1.2)
    assert _served(stack) == first

    stack.server.files.private_key.write_bytes(whole)
    until(lambda: _served(stack) != first)
    assert stack.raw(OPEN, REQUEST) == REQUEST
    # And the connection that was there goes on.
    assert held(REQUEST, timeout=2) == REQUEST


def _served(stack: Stack) -> bytes:
    """Return the certificate that the server shows."""
    context = ssl.create_default_context(cafile=str(stack.authority.ca))
    context.load_cert_chain(stack.edge.files.certificate, stack.edge.files.private_key)
    context.set_alpn_protocols(["h2"])
    name = "directory.contactpoint.internal"
    address = ("127.0.0.1", stack.running.port)
    with socket.create_connection(address, 2) as plain, context.wrap_socket(plain, server_hostname=name) as secure:
        shown = secure.getpeercert(binary_form=True)
    assert shown
    return shown
