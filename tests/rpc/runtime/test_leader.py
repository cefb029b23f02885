"""Of two servers alike the one that leads is found: by its own word; the newest counts, a false one costs little."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.runtime import deadline, leader
from services.runtime.certificates import WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.errors import DependencyUnavailable, NotTheLeader
from services.runtime.interceptors.health_watch import MOST_WATCHES
from tests.rpc.runtime.conftest import Stack, Start
from tests.rpc.runtime.test_channels import method
from tests.support.pki import Authority, Issued

HELLO = StringValue(value="hello")
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SERVICE_UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN


@dataclass
class Candidate:
    """A server that leads, says that it does, or neither."""

    says: threading.Event = field(default_factory=threading.Event)
    leads: threading.Event = field(default_factory=threading.Event)
    calls: int = 0
    stack: Stack = field(init=False)

    def __call__(self, one: StringValue) -> StringValue:
        self.calls += 1
        if not self.leads.is_set():
            raise NotTheLeader
        return one

    def start(self, start_stack: Start) -> Candidate:
        """Return this candidate, listening."""
        self.stack = start_stack(self, readiness={"": lambda: True, "leader": self.says.is_set})
        return self

    def become(self, *, leader: bool) -> None:
        """Lead and say so, or neither."""
        for event in (self.leads, self.says):
            (event.set if leader else event.clear)()


@pytest.fixture
def two(start_stack: Start) -> tuple[Candidate, Candidate]:
    return Candidate().start(start_stack), Candidate().start(start_stack)


@pytest.fixture
def channel(two: tuple[Candidate, Candidate]) -> Iterator[PeerChannel]:
    addresses = ",".join(one.stack.address for one in two)
    watched = WatchedCertificates(two[0].stack.authority.process("shielding").files)
    with PeerChannel(process="directory", address=addresses, certificates=watched, is_led=True) as made:
        yield made


def until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    ends_at = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < ends_at
        time.sleep(0.01)


def answers(channel: PeerChannel) -> bool:
    try:
        return bool(channel.call(method(channel), HELLO, idempotent=False) == HELLO)
    except DependencyUnavailable:
        return False


def test_only_the_leader_is_asked(two: tuple[Candidate, Candidate], channel: PeerChannel) -> None:
    two[1].become(leader=True)
    for _ in range(10):
        assert answers(channel)
    assert (two[0].calls, two[1].calls) == (0, 10)


def test_calls_follow_the_leader(two: tuple[Candidate, Candidate], channel: PeerChannel) -> None:
    first, second = two
    for _ in range(3):
        first.become(leader=True)
        assert answers(channel)
        first.become(leader=False)
        second.become(leader=True)
        # Not one is lost, though what is asked is never repeated: who does not lead has done nothing.
        for _ in range(5):
            assert answers(channel)
        second.become(leader=False)


def test_a_call_waits_a_moment_for_a_leader(two: tuple[Candidate, Candidate], channel: PeerChannel) -> None:
    threading.Timer(0.8, lambda: two[0].become(leader=True)).start()
    began = time.monotonic()
    assert answers(channel)
    assert 0.7 < time.monotonic() - began < 2.0


def test_and_not_for_ever(
    two: tuple[Candidate, Candidate], channel: PeerChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    began = time.monotonic()
    with deadline.within(1.0):
        assert not answers(channel)
    assert time.monotonic() - began < 0.9
    # Whoever finds that nobody has led for long is told at once: callers must not pile up.
    monkeypatch.setattr(leader, "_GIVEN_UP_SECONDS", 0.1)
    began = time.monotonic()
    assert not answers(channel)
    assert time.monotonic() - began < 0.3


def test_of_two_who_say_that_they_lead_the_newer_is_asked(
    two: tuple[Candidate, Candidate], channel: PeerChannel
) -> None:
    # As when the first stands still: it cannot take its word back.
    first, second = two
    first.become(leader=True)
    assert answers(channel)
    second.become(leader=True)
    until(lambda: answers(channel) and second.calls > 0)
    asked = first.calls
    assert answers(channel)
    assert first.calls == asked


def test_who_lets_calls_wait_is_not_asked_before_another_had_time_to_lead(
    two: tuple[Candidate, Candidate], channel: PeerChannel
) -> None:
    first, second = two
    first.become(leader=True)
    assert answers(channel)
    asked, line = first.calls, channel._best()
    assert channel._leader is not None
    # A caller in a hurry says nothing of the server.
    channel._leader.unanswered(line, seconds=0.1)
    assert channel._best() is line
    channel._leader.unanswered(line, seconds=4.5)
    threading.Timer(0.4, lambda: second.become(leader=True)).start()
    assert answers(channel)
    assert (first.calls, second.calls) == (asked, 1)


def test_a_false_word_costs_a_moment(two: tuple[Candidate, Candidate], channel: PeerChannel) -> None:
    first, second = two
    first.become(leader=True)
    assert answers(channel)
    second.says.set()
    until(lambda: answers(channel) and second.calls > 0)
    for _ in range(5):
        assert answers(channel)


def test_a_server_that_says_nothing_is_asked(start_stack: Start) -> None:
    # One of an older release: it has no such method.
    stack = start_stack()
    watched = WatchedCertificates(stack.authority.process("shielding").files)
    with PeerChannel(process="directory", address=stack.address, certificates=watched, is_led=True) as made:
        assert answers(made)


def test_one_name_may_stand_for_both(start_stack: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = Candidate().start(start_stack), Candidate().start(start_stack)
    places = [("127.0.0.1", first.stack.running.port)]

    monkeypatch.setattr(leader, "_RESOLVED_EVERY_SECONDS", 0.05)
    monkeypatch.setattr(
        leader, "_resolved", lambda address: {f"ipv4:{host}:{port}" for host, port in places if address}
    )
    watched = WatchedCertificates(first.stack.authority.process("shielding").files)
    first.become(leader=True)
    with PeerChannel(process="directory", address="ledger.internal:1", certificates=watched, is_led=True) as made:
        assert answers(made)
        # A pod that was replaced has another address.
        places[:] = [("127.0.0.1", second.stack.running.port)]
        second.become(leader=True)
        until(lambda: answers(made) and second.calls > 0)
        asked = first.calls
        until(lambda: len(made._leader._servers) == 1)  # type: ignore[union-attr]  # it is led
        assert answers(made)
        assert first.calls == asked


def heard(stack: Stack, name: str, issued: Issued | None = None) -> list[int]:
    """Return the first word that a watcher hears."""
    files = (issued or stack.edge).files
    credentials = grpc.ssl_channel_credentials(
        stack.authority.ca.read_bytes(), files.private_key.read_bytes(), files.certificate.read_bytes()
    )
    options = [("grpc.ssl_target_name_override", "directory.contactpoint.internal")]
    with grpc.secure_channel(stack.address, credentials, options=options) as made:
        stream = health_pb2_grpc.HealthStub(made).Watch(health_pb2.HealthCheckRequest(service=name), timeout=3)
        return [next(iter(stream)).status]


def test_our_own_processes_may_watch_and_nobody_else(two: tuple[Candidate, Candidate]) -> None:
    two[0].become(leader=True)
    until(lambda: heard(two[0].stack, "leader") == [SERVING])
    assert heard(two[1].stack, "leader") == [NOT_SERVING]
    assert heard(two[1].stack, "") == [SERVING]
    assert heard(two[1].stack, "somebody") == [SERVICE_UNKNOWN]
    with pytest.raises(grpc.RpcError) as refused:
        heard(two[0].stack, "leader", two[0].stack.authority.system("7b0d4a3e-3f6f-4a7c-8d7f-0f6f3c1b2a3d"))
    assert refused.value.details() == "NOT_PERMITTED"
    elsewhere = Authority(two[0].stack.authority.folder / "elsewhere", environment="live")
    with pytest.raises(grpc.RpcError):
        two[0].stack.raw("/grpc.health.v1.Health/Watch", b"", issued=elsewhere.process("shielding"))


def test_watches_cost_no_worker_and_end_with_the_server(start_stack: Start) -> None:
    stack = start_stack(workers=1, waiting=0, readiness={"": lambda: True, "leader": lambda: True})
    files = stack.authority.process("shielding").files
    with ExitStack() as held:
        streams = []
        credentials = grpc.ssl_channel_credentials(
            stack.authority.ca.read_bytes(), files.private_key.read_bytes(), files.certificate.read_bytes()
        )
        for _ in range(MOST_WATCHES + 1):
            options = [
                ("grpc.ssl_target_name_override", "directory.contactpoint.internal"),
                ("grpc.use_local_subchannel_pool", 1),
            ]
            made = held.enter_context(grpc.secure_channel(stack.address, credentials, options=options))
            streams.append(health_pb2_grpc.HealthStub(made).Watch(health_pb2.HealthCheckRequest(service="leader")))
            if len(streams) <= MOST_WATCHES:
                next(iter(streams[-1]))
        with pytest.raises(grpc.RpcError) as refused:
            next(iter(streams[-1]))
        assert refused.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert stack.echo("as ever") == "as ever"
        began = time.monotonic()
        stack.running.stop()
        assert time.monotonic() - began < 1.5
        assert next(iter(streams[0])).status == NOT_SERVING


def test_watches_that_end_while_word_goes_out_stop_nothing(start_stack: Start) -> None:
    is_leader = threading.Event()
    stack = start_stack(readiness={"": lambda: True, "leader": is_leader.is_set})
    over = threading.Event()

    def come_and_go() -> None:
        while not over.is_set():
            heard(stack, "leader")

    threads = [threading.Thread(target=come_and_go, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(12):
        (is_leader.clear if is_leader.is_set() else is_leader.set)()
        time.sleep(0.26)
    over.set()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)
    assert stack.echo("as ever") == "as ever"
