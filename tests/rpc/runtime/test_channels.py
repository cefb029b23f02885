"""A channel checks whom it reached, shrinks the deadline, repeats only what is safe, hands errors on as they are."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from services.runtime import deadline
from services.runtime.caller import Caller, acting_for, current_caller
from services.runtime.certificates import WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.errors import (
    Busy,
    CeilingReached,
    DeadlineTooShort,
    DependencyUnavailable,
    Forwarded,
    InvalidRequest,
    ServiceError,
    StandingChanged,
)
from services.runtime.peers import Peer
from tests.rpc.runtime.conftest import CAUSING, INTERNAL, ONWARD, OPEN, Stack, Start
from tests.support.acts import an_act

HELLO = StringValue(value="hello")


class Opener:
    """Opens channels to a stack, closed at the end of the test."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack

    def __call__(self, stack: Stack, process: str = "shielding", *, to: str = "directory", **named: Any) -> PeerChannel:
        watched = WatchedCertificates(stack.authority.process(process).files)
        address = named.pop("address", stack.address)
        return self._stack.enter_context(PeerChannel(process=to, address=address, certificates=watched, **named))


@pytest.fixture
def opened() -> Iterator[Opener]:
    with ExitStack() as stack:
        yield Opener(stack)


def method(channel: PeerChannel, name: str = INTERNAL) -> Any:
    return channel.unary_unary(name, StringValue.SerializeToString, StringValue.FromString)


class Failing:
    """An echo that first raises so many times."""

    def __init__(self, error: ServiceError, times: int) -> None:
        self.error, self.times, self.calls = error, times, 0

    def __call__(self, one: StringValue) -> StringValue:
        self.calls += 1
        if self.calls <= self.times:
            raise self.error
        return one


def test_it_calls(stack: Stack, opened: Opener) -> None:
    channel = opened(stack)
    assert channel.call(method(channel), HELLO, idempotent=False) == HELLO


def test_an_idempotent_call_is_repeated_twice_on_unavailable(start_stack: Start, opened: Opener) -> None:
    echo = Failing(DependencyUnavailable(), 2)
    channel = opened(start_stack(echo))
    assert channel.call(method(channel), HELLO, idempotent=True) == HELLO
    assert echo.calls == 3


def test_and_no_more(start_stack: Start, opened: Opener) -> None:
    echo = Failing(DependencyUnavailable(), 9)
    channel = opened(start_stack(echo))
    with pytest.raises(DependencyUnavailable):
        channel.call(method(channel), HELLO, idempotent=True)
    assert echo.calls == 3


@pytest.mark.parametrize("error", [DependencyUnavailable(), Busy(), StandingChanged()], ids=lambda e: e.reason)
def test_a_look_is_never_repeated(start_stack: Start, opened: Opener, error: ServiceError) -> None:
    echo = Failing(error, 1)
    channel = opened(start_stack(echo))
    with pytest.raises(type(error)):
        channel.call(method(channel), HELLO, idempotent=False)
    assert echo.calls == 1


def test_only_unavailable_is_repeated(start_stack: Start, opened: Opener) -> None:
    echo = Failing(CeilingReached(), 1)
    channel = opened(start_stack(echo))
    with pytest.raises(CeilingReached):
        channel.call(method(channel), HELLO, idempotent=True)
    assert echo.calls == 1


def test_errors_cross_as_they_are(start_stack: Start, opened: Opener) -> None:
    channel = opened(start_stack(Failing(InvalidRequest([("name.surname", "REQUIRED")]), 1)))
    with pytest.raises(InvalidRequest) as refused:
        channel.call(method(channel), HELLO, idempotent=False)
    assert refused.value.field_violations == (("name.surname", "REQUIRED"),)
    channel = opened(start_stack(Failing(Busy(retry_after_seconds=2.5), 1)))
    with pytest.raises(Busy) as busy:
        channel.call(method(channel), HELLO, idempotent=False)
    assert busy.value.retry_after_seconds == 2.5
    channel = opened(start_stack(Failing(KeyError("Ada"), 1)))  # type: ignore[arg-type]
    with pytest.raises(DependencyUnavailable):
        channel.call(method(channel), HELLO, idempotent=False)


def test_the_edge_hands_on_what_it_does_not_know(start_stack: Start, opened: Opener) -> None:
    strange = Forwarded(status="FAILED_PRECONDITION", reason="ONLY_THE_PEER_KNOWS", retry_after_seconds=3.0)
    stack = start_stack(Failing(strange, 2))
    with pytest.raises(DependencyUnavailable):
        (channel := opened(stack)).call(method(channel), HELLO, idempotent=False)
    channel = opened(stack, forward_errors=True)
    with pytest.raises(Forwarded) as handed:
        channel.call(method(channel), HELLO, idempotent=False)
    seen = handed.value
    assert (seen.status, seen.reason, seen.retry_after_seconds) == ("FAILED_PRECONDITION", "ONLY_THE_PEER_KNOWS", 3.0)


def test_the_deadline_shrinks_by_the_hop(start_stack: Start, opened: Opener) -> None:
    found: list[float] = []

    def echo(one: StringValue) -> StringValue:
        found.append(deadline.current().remaining_seconds())
        return one

    channel = opened(start_stack(echo))
    with deadline.within(2.0):
        channel.call(method(channel), HELLO, idempotent=False)
    with deadline.within(0.4):
        channel.call(method(channel), HELLO, idempotent=False)
    channel.call(method(channel), HELLO, idempotent=False, deadline_seconds=0.5)
    assert 1.5 < found[0] <= 1.81
    assert found[1] <= 0.37
    assert found[2] <= 0.51
    with deadline.within(0.01), pytest.raises(DeadlineTooShort):
        channel.call(method(channel), HELLO, idempotent=False)


def test_a_slow_peer_is_unavailable(start_stack: Start, opened: Opener) -> None:
    def echo(one: StringValue) -> StringValue:
        time.sleep(0.5)
        return one

    channel = opened(start_stack(echo))
    with deadline.within(0.2), pytest.raises(DependencyUnavailable):
        channel.call(method(channel), HELLO, idempotent=True)


def test_the_token_is_handed_on_only_when_asked(start_stack: Start, opened: Opener) -> None:
    found: list[Caller] = []

    def echo(one: StringValue) -> StringValue:
        found.append(current_caller())
        return one

    stack = start_stack(echo)
    channel = opened(stack)
    act = an_act(b"", aud="shielding", mth=CAUSING)
    edge = Peer(process="gateway.edge", system=None, thumbprint="c" * 64)
    caller = Caller(peer=edge, act=act, token=stack.keys.sign(act), digest=b"", method=CAUSING, channel=None)
    with acting_for(caller):
        assert channel.call(method(channel, ONWARD), HELLO, idempotent=False, with_act=True) == HELLO
        assert channel.call(method(channel, INTERNAL), HELLO, idempotent=False) == HELLO
    assert [one.act for one in found] == [act, None]


def test_it_takes_no_other_process_for_its_peer(stack: Stack, opened: Opener) -> None:
    channel = opened(stack, to="audit.ledger")
    with pytest.raises(DependencyUnavailable):
        channel.call(method(channel), HELLO, idempotent=False)


def test_it_uses_its_new_certificate(start_stack: Start, opened: Opener) -> None:
    found: list[str] = []

    def echo(one: StringValue) -> StringValue:
        found.append(current_caller().peer.thumbprint)
        return one

    stack = start_stack(echo)
    channel = opened(stack)
    call = method(channel)
    channel.call(call, HELLO, idempotent=False)
    newer = stack.authority.process("shielding", lives=dt.timedelta(minutes=10))
    time.sleep(1.1)
    channel.call(call, HELLO, idempotent=False)
    assert found[0] != newer.thumbprint
    assert found[1] == newer.thumbprint


def test_it_finds_the_other_of_two_servers(start_stack: Start, opened: Opener) -> None:
    first, second = start_stack(), start_stack()
    channel = opened(first, address=f"{first.address},{second.address}")
    call = method(channel)
    assert channel.call(call, HELLO, idempotent=True) == HELLO
    first.running.stop()
    for _ in range(20):
        assert channel.call(call, HELLO, idempotent=True) == HELLO


def test_it_is_a_channel_like_any_other(stack: Stack, opened: Opener) -> None:
    channel = opened(stack, "gateway.edge")
    raw = channel.unary_unary(OPEN, None, None)
    request = HELLO.SerializeToString()
    answer, call = raw.with_call(request, timeout=2)
    assert (answer, call.code()) == (request, grpc.StatusCode.OK)
    assert raw.future(request, timeout=2).result() == request
