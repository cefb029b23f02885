"""Channels from this process to another: mutual TLS, deadlines that shrink by the hop, repeats where that is safe."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, TypeVar

import grpc

from services.runtime import deadline as deadlines
from services.runtime import telemetry
from services.runtime.caller import current_caller
from services.runtime.certificates import Certificates, WatchedCertificates
from services.runtime.errors import ServiceError, code_of, from_wire
from services.runtime.interceptors.limits import (
    ACT_KEY,
    LARGEST_MESSAGE_BYTES,
    LARGEST_METADATA_BYTES,
)
from services.runtime.peers import server_name

_TRIES = 3
_FIRST_PAUSE_SECONDS = 0.05
# Calls in flight on a replaced channel are over by then: none may take longer.
_REPLACED_CLOSES_AFTER_SECONDS = 2 * deadlines.LONGEST_SECONDS

Q = TypeVar("Q")
R = TypeVar("R")


class PeerChannel(grpc.Channel):
    """A channel to one process; give it to a generated stub once, and make every call through `call`.

    When this process's certificate files change, a new channel takes the old one's place under the hood.
    `known_errors` are the caller's own classes for refusals that only this peer makes; `forward_errors` (the edge)
    hands on refusals of unknown reasons as they came.
    """

    def __init__(
        self,
        *,
        process: str,
        address: str,
        certificates: WatchedCertificates,
        known_errors: Iterable[type[ServiceError]] = (),
        forward_errors: bool = False,
    ) -> None:
        self._process = process
        self._target = _target(address)
        self._certificates = certificates
        self._known_errors = tuple(known_errors)
        self._forward_errors = forward_errors
        self._lock = threading.Lock()
        self._version, held = certificates.current()
        self._channel = self._opened(held)
        self._made: dict[tuple[str, str], tuple[int, Any]] = {}
        self._said: dict[str, Callable[[], str]] = {}

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
        repeated, on UNAVAILABLE, twice at most and within the deadline. Raises the ServiceError that the refusal says.
        """
        deadline = deadlines.current()
        carried = [*metadata, *((key, value()) for key, value in self._said.items()), *telemetry.onward_metadata()]
        if with_act:
            token = current_caller().token
            if token is None:
                raise RuntimeError("the call being served carries no token")
            carried.append((ACT_KEY, token))
        for attempt in range(1, _TRIES + 1):
            seconds = min(deadline.for_onward_call_seconds(), deadline_seconds or deadlines.LONGEST_SECONDS)
            try:
                return method(request, timeout=seconds, metadata=tuple(carried))
            except grpc.RpcError as error:
                refusal = from_wire(error, known=self._known_errors, forward=self._forward_errors)
                is_last = attempt == _TRIES or not idempotent or not _is_unavailable(error)
                pause = random.uniform(0.5, 1.0) * _FIRST_PAUSE_SECONDS * 4 ** (attempt - 1)  # noqa: S311  # jitter
                if is_last or pause >= deadline.remaining_seconds():
                    raise refusal from None
            time.sleep(pause)
        raise AssertionError("the last try returns or raises")

    def unary_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return the callable of one unary method; it always calls over the newest channel."""
        return _Renewed(lambda: self._current("unary_unary", method, arguments, named))

    def unary_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return the callable of one streaming method; it always calls over the newest channel."""
        return _Renewed(lambda: self._current("unary_stream", method, arguments, named))

    def stream_unary(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return the callable of one streaming method; it always calls over the newest channel."""
        return _Renewed(lambda: self._current("stream_unary", method, arguments, named))

    def stream_stream(self, method: str, *arguments: Any, **named: Any) -> Any:
        """Return the callable of one streaming method; it always calls over the newest channel."""
        return _Renewed(lambda: self._current("stream_stream", method, arguments, named))

    def subscribe(
        self,
        callback: Callable[[grpc.ChannelConnectivity], None],
        try_to_connect: bool | None = False,  # noqa: FBT001, FBT002  # gRPC's signature
    ) -> None:
        """Report the newest channel's connectivity to `callback`."""
        self._newest().subscribe(callback, try_to_connect=bool(try_to_connect))

    def unsubscribe(self, callback: Callable[[grpc.ChannelConnectivity], None]) -> None:
        """Stop reporting to `callback`."""
        self._channel.unsubscribe(callback)

    def close(self) -> None:
        """End all calls and close."""
        self._channel.close()

    def __enter__(self) -> Self:
        """Return this channel, to be closed at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    def _current(self, shape: str, method: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        channel = self._newest()
        key = (shape, method)
        version, made = self._made.get(key, (-1, None))
        if version != self._version:
            version, made = self._version, getattr(channel, shape)(method, *arguments, **named)
            self._made[key] = (version, made)
        return made

    def _newest(self) -> grpc.Channel:
        version, held = self._certificates.current()
        if version != self._version:
            with self._lock:
                if version != self._version:
                    old, self._channel = self._channel, self._opened(held)
                    self._version = version
                    closer = threading.Timer(_REPLACED_CLOSES_AFTER_SECONDS, old.close)
                    closer.daemon = True
                    closer.start()
        return self._channel

    def _opened(self, held: Certificates) -> grpc.Channel:
        credentials = grpc.ssl_channel_credentials(
            root_certificates=held.ca, private_key=held.private_key, certificate_chain=held.chain
        )
        return grpc.secure_channel(self._target, credentials, options=_options(self._process))


@contextmanager
def open_channels(
    peers: dict[str, str], certificates: WatchedCertificates, *, forward_errors: bool = False
) -> Iterator[dict[str, PeerChannel]]:
    """Yield a channel to each peer of a process's settings, by process name; all are closed at the end."""
    made = {
        process: PeerChannel(process=process, address=address, certificates=certificates, forward_errors=forward_errors)
        for process, address in peers.items()
    }
    try:
        yield made
    finally:
        for channel in made.values():
            channel.close()


class _Renewed:
    """A callable of a stub that asks for the newest channel's at each call."""

    def __init__(self, current: Callable[[], Any]) -> None:
        self._current = current

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        return self._current()(*arguments, **named)

    def with_call(self, *arguments: Any, **named: Any) -> Any:
        return self._current().with_call(*arguments, **named)

    def future(self, *arguments: Any, **named: Any) -> Any:
        return self._current().future(*arguments, **named)


def _is_unavailable(error: grpc.RpcError) -> bool:
    return code_of(error) is grpc.StatusCode.UNAVAILABLE


def _target(address: str) -> str:
    if "," in address or address[0].isdigit():
        return f"ipv4:{address}"
    return f"dns:///{address}"


def _options(process: str) -> list[tuple[str, Any]]:
    # No `timeout` in the service config: it ends calls about a second early (grpc/grpc#34547).
    balancing = json.dumps({"loadBalancingConfig": [{"round_robin": {}}]})
    return [
        ("grpc.ssl_target_name_override", server_name(process)),
        ("grpc.service_config", balancing),
        ("grpc.max_send_message_length", LARGEST_MESSAGE_BYTES),
        ("grpc.max_receive_message_length", LARGEST_MESSAGE_BYTES),
        ("grpc.max_metadata_size", LARGEST_METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", LARGEST_METADATA_BYTES),
        # A process that was restarted is back within five seconds (L1), so nobody waits longer to try again.
        ("grpc.initial_reconnect_backoff_ms", 100),
        ("grpc.min_reconnect_backoff_ms", 1_000),
        ("grpc.max_reconnect_backoff_ms", 1_000),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        # Channels of one target must not share connections: each has a certificate of its own.
        ("grpc.use_local_subchannel_pool", 1),
        ("grpc.enable_http_proxy", 0),
    ]
