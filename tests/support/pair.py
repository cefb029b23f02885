"""Two ledgers over one database, callers that never stop, and what they were told."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import grpc
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.local.processes import PROCESSES, STANDBY, Process
from deploy.local.suite import RunningProcess, Suite
from services.runtime import deadline
from services.runtime.certificates import CertificateFiles, WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.errors import ServiceError
from services.runtime.leader import LEADER
from services.runtime.peers import server_name
from tests.support.log_book import LogBook

LEDGERS = ("audit.ledger", STANDBY.name)
NEEDED = (*(one for one in PROCESSES if one.name in ("audit.ledger", "identity")), STANDBY)
_CALLERS = 4
_CALL_SECONDS = 5.0


def refusal() -> pb.EnterRefusalsRequest:
    """Return the smallest thing that can be entered: a counted refusal of somebody unknown."""
    return pb.EnterRefusalsRequest(act="sign_in", rule="WRONG_PASSWORD", count=1)


@dataclass
class Told:
    """What callers were told, and when."""

    receipts: dict[int, bytes] = field(default_factory=dict)
    twice: list[int] = field(default_factory=list)
    answered_at: list[tuple[float, float]] = field(default_factory=list)
    """When each good answer was asked for, and when it came."""
    refused: list[tuple[float, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answers_after(self, instant: float) -> list[float]:
        """Return when good answers came to calls that began after an instant."""
        return [came for asked, came in self.answered_at if asked >= instant]


@dataclass
class Pair:
    """The two processes, and how to strike them."""

    suite: Suite

    def process(self, name: str) -> RunningProcess:
        """Return one of the two."""
        return self.suite.process(name)

    def says(self, name: str, of: str = "") -> bool:
        """Say what a process's health port says of itself, or of a name."""
        with grpc.insecure_channel(f"127.0.0.1:{self.suite.port(f'{name}.health')}") as channel:
            try:
                request = health_pb2.HealthCheckRequest(service=of)
                answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=0.5)
            except grpc.RpcError:
                return False
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)

    def leaders(self) -> list[str]:
        """Return who says that it leads."""
        return [name for name in LEDGERS if self.says(name, LEADER)]

    def leader(self) -> str:
        """Return who leads, once both are ready and one leads."""
        end = time.monotonic() + 30.0
        while True:
            found = self.leaders()
            if len(found) == 1 and all(self.says(name) for name in LEDGERS):
                return found[0]
            assert time.monotonic() < end, f"no leader and a standby: {found} lead"
            time.sleep(0.05)

    def other(self, name: str) -> str:
        """Return the other of the two."""
        return next(one for one in LEDGERS if one != name)

    def ask(self, name: str, method: str, request: object, *, as_process: str = "identity") -> object:
        """Return what one of the two answers to one call, whichever leads; raises grpc.RpcError."""
        issued = self.suite._authority.certificate_of(Process(name=as_process, module=""))
        credentials = grpc.ssl_channel_credentials(
            self.suite.ca.read_bytes(), issued.private_key.read_bytes(), issued.certificate.read_bytes()
        )
        options = [("grpc.ssl_target_name_override", server_name("audit.ledger"))]
        with grpc.secure_channel(f"127.0.0.1:{self.suite.port(name)}", credentials, options=options) as channel:
            return getattr(rpc.ProcessServiceStub(channel), method)(request, timeout=_CALL_SECONDS, wait_for_ready=True)

    @contextmanager
    def stopped(self, name: str) -> Iterator[None]:
        """Let a process stand still for the block, as a paused machine does."""
        process = self.process(name)
        process.kill(signal.SIGSTOP)
        try:
            yield
        finally:
            process.kill(signal.SIGCONT)

    @contextmanager
    def callers(self, seconds_a_call: float = _CALL_SECONDS) -> Iterator[Told]:
        """Let callers enter one thing after the other, over the channel that our processes use, and keep receipts."""
        told, over = Told(), threading.Event()
        issued = self.suite.certificate_of("identity")
        files = CertificateFiles(issued.certificate, issued.private_key, self.suite.ca)
        address = ",".join(f"127.0.0.1:{self.suite.port(name)}" for name in LEDGERS)
        with PeerChannel(
            process="audit.ledger", address=address, certificates=WatchedCertificates(files), is_led=True
        ) as channel:
            stub = rpc.ProcessServiceStub(channel)

            def work() -> None:
                while not over.is_set():
                    asked = time.monotonic()
                    try:
                        with deadline.within(seconds_a_call):
                            receipt = channel.call(stub.EnterRefusals, refusal(), idempotent=False).receipt
                    except ServiceError as error:
                        told.refused.append((asked, error.reason))
                        time.sleep(0.02)
                        continue
                    with told.lock:
                        told.answered_at.append((asked, time.monotonic()))
                        # The same position twice would be two histories.
                        if receipt.index in told.receipts:
                            told.twice.append(receipt.index)
                        told.receipts[receipt.index] = receipt.leaf

            threads = [threading.Thread(target=work, daemon=True) for _ in range(_CALLERS)]
            for thread in threads:
                thread.start()
            try:
                wait_for(told, after=0.0, answers=20)
                yield told
            finally:
                over.set()
                for thread in threads:
                    thread.join(2 * seconds_a_call)

    def nothing_lost(self, told: Told) -> None:
        """Check that every receipt is in the log, once, and that the log is in order."""
        leaves = LogBook(self.suite).leaves()
        lost = [index for index, leaf in told.receipts.items() if leaves.get(index) != leaf]
        assert not lost, f"{len(lost)} of {len(told.receipts)} acknowledged entries are lost"
        assert not told.twice


def wait_for(told: Told, *, after: float, answers: int = 1, within: float = 40.0) -> float:
    """Return how long after an instant the n-th good answer came to a call that began after it."""
    end = time.monotonic() + within
    while len(found := sorted(told.answers_after(after))) < answers:
        assert time.monotonic() < end, "nothing is answered any more"
        time.sleep(0.005)
    return found[answers - 1] - after
