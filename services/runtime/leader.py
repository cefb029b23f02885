"""Which of several servers alike leads: each says so itself, and the newest word counts.

A leader that stands still cannot take its word back, so nobody waits for that: whoever says later that it leads is
asked from then on.
"""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from services.runtime.certificates import WatchedCertificates
from services.runtime.errors import DependencyUnavailable, code_of
from services.runtime.line import Line

LEADER = "leader"
"""The name under which health says who leads."""
_DOUBTED_SECONDS = 0.1
# Calls last five seconds at most and a lease lasts five: who leads next says so about when these end.
_DOUBTED_UNANSWERED_SECONDS = 1.0
_PATIENT_SECONDS = 3.0
_WAITS_SECONDS = 2.5
# Longer than any change of leader takes: then nobody waits any more, and callers are told at once.
_GIVEN_UP_SECONDS = 10.0
_FIRST_PAUSE_SECONDS = 0.05
# Whoever has just come back may lead in a moment, and must be heard then.
_LONGEST_PAUSE_SECONDS = 0.25
_RESOLVED_EVERY_SECONDS = 2.0
# A server of an older release says nothing of it: then there is one server, or we learn by asking.
_SAYS_NOTHING = (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.PERMISSION_DENIED)
_ASKED_AGAIN_SECONDS = 5.0

_turn = itertools.count(1)


@dataclass(eq=False)
class _Server:
    """One server, and what it said last."""

    line: Line
    said: int = 0
    """When it said that it leads, by a counter; 0: it does not."""
    says_nothing: bool = False
    doubted_until: float = 0.0
    is_over: threading.Event = field(default_factory=threading.Event)


class Leader:
    """Lines to all servers of one process, and which of them leads."""

    def __init__(self, *, process: str, address: str, certificates: WatchedCertificates) -> None:
        self._process = process
        self._addresses = address.split(",")
        self._certificates = certificates
        self._servers: dict[str, _Server] = {}
        self._changed = threading.Condition()
        self._leaderless_since = time.monotonic()
        self._closing = threading.Event()
        self._names = [one for one in self._addresses if not _is_literal(one)]
        self._take({one: _target(one) for one in self._addresses if one not in self._names}.values())
        if self._names:
            threading.Thread(target=self._resolve, name="resolver", daemon=True).start()

    def line(self, *, within_seconds: float) -> Line:
        """Return the line to the leader; waits a moment for one while it changes. Raises DependencyUnavailable."""
        now = time.monotonic()
        with self._changed:
            is_hopeful = now - self._leaderless_since < _GIVEN_UP_SECONDS
            end = now + min(_WAITS_SECONDS, within_seconds) if is_hopeful else now
            while (found := self._found(now)) is None:
                if now >= end or self._closing.is_set():
                    raise DependencyUnavailable
                self._changed.wait(min(end - now, _DOUBTED_SECONDS))
                now = time.monotonic()
            return found.line

    def doubt(self, line: Line, *, seconds: float = _DOUBTED_SECONDS) -> None:
        """Take note that a server said it does not lead: for a moment others are asked, if there are any."""
        with self._changed:
            for server in self._servers.values():
                if server.line is line:
                    server.doubted_until = time.monotonic() + seconds

    def unanswered(self, line: Line, *, seconds: float) -> None:
        """Take note that a server let a call wait for so long: if it stands still, another leads soon and says so.

        Calls that had little time say nothing of the server, and would let one impatient caller stop all others.
        """
        if seconds >= _PATIENT_SECONDS:
            self.doubt(line, seconds=_DOUBTED_UNANSWERED_SECONDS)

    def close(self) -> None:
        """End all calls and close."""
        self._closing.set()
        with self._changed:
            servers = list(self._servers.values())
            self._changed.notify_all()
        for server in servers:
            server.is_over.set()
            server.line.close()

    def _found(self, now: float) -> _Server | None:
        able = [one for one in self._servers.values() if one.doubted_until <= now and (one.said or one.says_nothing)]
        # Of servers that say nothing, the one that was doubted longest ago.
        return max(able, key=lambda one: (one.said, -one.doubted_until), default=None)

    def _hear(self, server: _Server, *, leads: bool, says_nothing: bool = False) -> None:
        with self._changed:
            server.said = next(_turn) if leads else 0
            server.says_nothing = says_nothing
            if leads:
                server.doubted_until = 0.0
            has_leader = any(one.said or one.says_nothing for one in self._servers.values())
            if has_leader:
                self._leaderless_since = float("inf")
                self._changed.notify_all()
            elif self._leaderless_since == float("inf"):
                self._leaderless_since = time.monotonic()

    def _take(self, targets: Iterable[str]) -> None:
        """Have a line to each of these targets, and to no other."""
        wanted = set(targets)
        with self._changed:
            gone = [self._servers.pop(target) for target in self._servers.keys() - wanted]
            new = []
            for target in wanted - self._servers.keys():
                line = Line(
                    process=self._process,
                    target=target,
                    certificates=self._certificates,
                    longest_backoff_seconds=_LONGEST_PAUSE_SECONDS,
                )
                new.append(self._servers.setdefault(target, _Server(line)))
        for server in gone:
            server.is_over.set()
            self._hear(server, leads=False)
            server.line.retire()
        for server in new:
            threading.Thread(target=self._watch, args=(server,), name="watch", daemon=True).start()

    def _watch(self, server: _Server) -> None:
        """Hear what a server says of itself, until it or we are over."""
        pause = 0.0
        request = health_pb2.HealthCheckRequest(service=LEADER)
        while not server.is_over.is_set():
            try:
                for answer in health_pb2_grpc.HealthStub(server.line.newest()).Watch(request):
                    # Connections end of old age: it is asked again over a new one, at once.
                    pause = 0.0
                    self._hear(server, leads=answer.status == health_pb2.HealthCheckResponse.SERVING)
                says_nothing = False
            except (grpc.RpcError, ValueError) as error:
                # ValueError: the channel was closed under us.
                says_nothing = isinstance(error, grpc.RpcError) and code_of(error) in _SAYS_NOTHING
            self._hear(server, leads=False, says_nothing=says_nothing)
            server.is_over.wait(_ASKED_AGAIN_SECONDS if says_nothing else pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS) or _FIRST_PAUSE_SECONDS

    def _resolve(self) -> None:
        literal = [_target(one) for one in self._addresses if one not in self._names]
        while not self._closing.is_set():
            try:
                found = [target for name in self._names for target in _resolved(name)]
            except OSError:
                # The names' server is away: those whom we know stay where they were.
                found = []
            if found:
                self._take([*literal, *found])
            self._closing.wait(_RESOLVED_EVERY_SECONDS if found else _DOUBTED_SECONDS)


def _is_literal(address: str) -> bool:
    return address[0].isdigit() or address[0] == "["


def _target(address: str) -> str:
    return f"ipv6:{address}" if address[0] == "[" else f"ipv4:{address}"


def _resolved(address: str) -> set[str]:
    """Return a target for each address that a name has now; raises OSError."""
    host, _, port = address.rpartition(":")
    found = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
    return {
        f"ipv6:[{place[0]}]:{port}" if family == socket.AF_INET6 else f"ipv4:{place[0]}:{port}"
        for family, _, _, _, place in found
    }
