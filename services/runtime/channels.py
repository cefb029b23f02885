"""Channels from this process to another: mutual TLS, deadlines that shrink by the hop, repeats where that is safe."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import grpc

from services.runtime import deadline as deadlines
from services.runtime import telemetry
from services.runtime.caller import current_caller
from services.runtime.certificates import WatchedCertificates
from services.runtime.errors import NotTheLeader, ServiceError, code_of, from_wire
from services.runtime.interceptors.limits import ACT_KEY
from services.runtime.leader import Leader
from services.runtime.line import Line

_TRIES = 3
_FIRST_PAUSE_SECONDS = 0.05
# What is left for a call after waiting for a leader.
_FOR_THE_CALL_SECONDS = 0.5

Q = TypeVar("Q")
R = TypeVar("R")


class PeerChannel(grpc.Channel):
    """A channel to one process; give it to a generated stub once, and make every call through `call`.

    Of several servers any is as good, in turn; if the process `is_led`, the one that leads is asked. `known_errors` are
    the caller's own classes for refusals that only this peer makes; `forward_errors` (the edge) hands on refusals of
    unknown reasons as they came. `trace_key` is what the peer reads a call's trace from.
    """

    def __init__(
        self,
        *,
        process: str,
        address: str,
        certificates: WatchedCertificates,
        known_errors: Iterable[type[ServiceError]] = (),
        forward_errors: bool = False,
        is_led: bool = False,
        trace_key: str = "traceparent",
    ) -> None:
        self._trace_key = trace_key
        self._known_errors = tuple(known_errors)
        self._forward_errors = forward_errors
        self._said: dict[str, Callable[[], str]] = {}
        self._leader: Leader | None = None
        self._line: Line | None = None
        if is_led:
            self._leader = Leader(process=process, address=address, certificates=certificates)
        else:
            self._line = Line(process=process, target=_target(address), certificates=certificates)

    def always_say(self, key: str, value: Callable[[], str]) -> None:
        """Let every call carry a piece of metadata, as it is when the call is sent."""
        self._said[key] = value

    def call(
        self,
        method: grpc.UnaryUnaryMultiCallable[Q, R],
        request: Q,
        *,
        idempotent: bool,
        with_act: bool = False,
        deadline_seconds: float | None = None,
        metadata: Sequence[tuple[str, str]] = (),
    ) -> R:
        """Return the answer of `method` (a generated stub's, made from this channel) to `request`.

        The call may take what is left of the call being served, less a tenth and at least 20 ms, and never more than
        `deadline_seconds`. `with_act` hands on the token of the call being served. Only an `idempotent` call is
        repeated, on UNAVAILABLE, twice at most and within the deadline; any call is that was refused by who does not
        lead, since nothing was done. Raises the ServiceError that the refusal says.
        """
        deadline = deadlines.current()
        carried = [
            *metadata,
            *((key, value()) for key, value in self._said.items()),
            *telemetry.onward_metadata(self._trace_key),
        ]
        if with_act:
            token = current_caller().token
            if token is None:
                raise RuntimeError("the call being served carries no token")
            carried.append((ACT_KEY, token))
        attempt = 1
        while True:
            line = self._best(within_seconds=deadline.remaining_seconds() - _FOR_THE_CALL_SECONDS)
            seconds = min(deadline.for_onward_call_seconds(), deadline_seconds or deadlines.LONGEST_SECONDS)
            try:
                return _over(line, method)(request, timeout=seconds, metadata=tuple(carried))  # type: ignore[no-any-return]  # it is the method's
            except grpc.RpcError as error:
                refusal = from_wire(error, known=self._known_errors, forward=self._forward_errors)
                if isinstance(refusal, NotTheLeader) and self._leader is not None:
                    self._leader.doubt(line)
                    continue
                if self._leader is not None and code_of(error) is grpc.StatusCode.DEADLINE_EXCEEDED:
                    self._leader.unanswered(line, seconds=seconds)
                pause = random.uniform(0.5, 1.0) * _FIRST_PAUSE_SECONDS * 4 ** (attempt - 1)  # noqa: S311  # jitter
                is_last = attempt == _TRIES or not idempotent or not _is_unavailable(error)
                if is_last or pause >= deadline.remaining_seconds():
                    raise refusal from None
            attempt += 1
            time.sleep(pause)

    def unary_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return the callable of one unary method; it always calls over the newest channel."""
        return _Renewed(self._best, "unary_unary", method, arguments, named)

    def unary_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return the callable of one streaming method; it always calls over the newest channel."""
        return _Renewed(self._best, "unary_stream", method, arguments, named)

    def stream_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return the callable of one streaming method; it always calls over the newest channel."""
        return _Renewed(self._best, "stream_unary", method, arguments, named)

    def stream_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return the callable of one streaming method; it always calls over the newest channel."""
        return _Renewed(self._best, "stream_stream", method, arguments, named)

    def subscribe(
        self,
        callback: Callable[[grpc.ChannelConnectivity], None],
        try_to_connect: bool | None = False,  # noqa: FBT001, FBT002  # gRPC's signature
    ) -> None:
        """Report the newest channel's connectivity to `callback`."""
        self._best().newest().subscribe(callback, try_to_connect=bool(try_to_connect))

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        """Stop reporting to `callback`."""
        self._best().newest().unsubscribe(callback)

    def close(self) -> None:
        """End all calls and close."""
        for held in (self._leader, self._line):
            if held is not None:
                held.close()

    def __enter__(self) -> Self:
        """Return this channel, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _best(self, *, within_seconds: float = 0.0) -> Line:
        """Return the line to call over; raises DependencyUnavailable while nobody leads who should."""
        if self._leader is not None:
            return self._leader.line(within_seconds=within_seconds)
        if self._line is None:
            raise AssertionError("one of the two is there")
        return self._line


@contextmanager
def open_channels(
    peers: dict[str, str],
    certificates: WatchedCertificates,
    *,
    forward_errors: bool = False,
    led: Collection[str] = (),
) -> Iterator[dict[str, PeerChannel]]:
    """Yield a channel to each peer of a process's settings, by process name; all are closed at the end.

    Of those in `led` one server leads, and it is found.
    """
    made = {
        process: PeerChannel(
            process=process,
            address=address,
            certificates=certificates,
            forward_errors=forward_errors,
            is_led=process in led,
        )
        for process, address in peers.items()
    }
    try:
        yield made
    finally:
        for channel in made.values():
            channel.close()


class _Renewed:
    """A callable of a stub that asks at each call for the best line, and its newest channel."""

    def __init__(
        self,
        best: Callable[[], Line],
        shape: str,
        method: str,
        arguments: tuple[Any, ...],
        named: dict[str, Any],
    ) -> None:
        self._best = best
        self._made_by = (shape, method, arguments, named)

    def over(self, line: Line) -> Any:
        """Return the callable of one line."""
        return line.callable(*self._made_by)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self.over(self._best())(*arguments, **named)

    def with_call(self, *arguments: Any, **named: Any) -> Any:
        return self.over(self._best()).with_call(*arguments, **named)

    def future(self, *arguments: Any, **named: Any) -> Any:
        return self.over(self._best()).future(*arguments, **named)


def _over(line: Line, method: Any) -> Any:
    return method.over(line) if isinstance(method, _Renewed) else method


def _is_unavailable(error: grpc.RpcError) -> bool:
    return code_of(error) is grpc.StatusCode.UNAVAILABLE


def _target(address: str) -> str:
    if "," in address or address[0].isdigit():
        return f"ipv4:{address}"
    return f"dns:///{address}"
