"""Which workers serve a call, whether there is room for one more, and how long its caller may keep a worker waiting."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NoReturn

import grpc
from google.rpc import status_pb2

from services.runtime.call_pool import MOST_SILENT, CallPool
from services.runtime.call_rates import CallRates
from services.runtime.deadline import LONGEST_SECONDS
from services.runtime.errors import Busy, InvalidRequest, ServiceError, to_wire
from services.runtime.interceptors.arity import Continuation, Handler, Interceptor, behaviour_of, raw
from services.runtime.interceptors.error_boundary import domain_of, refuse
from services.runtime.telemetry import Telemetry

_REFUSERS = 2
_LOOK_EVERY_SECONDS = 0.25


class Admission(Interceptor):
    """Gives a method with a pool of its own to that pool, and answers BUSY at once where a pool is full.

    It is the outermost: gRPC asks the outermost function for its pool. gRPC waits without limit for a request, in a
    thread: a call is one of the workers' only when its request has come. One that stays silent is ended after five
    seconds, and before that when there are too many: the oldest of the connection that has most of them goes first.

    A method that is taken at a rate is answered BUSY above it, before its request is read: refusing a flood must cost
    next to nothing, or those who are let in pay for it.
    """

    def __init__(
        self,
        *,
        process: str,
        calls: CallPool,
        own: Mapping[str, CallPool],
        telemetry: Telemetry,
        rates: Mapping[str, CallRates] | None = None,
    ) -> None:
        self._process = process
        self._telemetry = telemetry
        self._calls = calls
        self._own = own
        self._rates = rates or {}
        self._refusers = CallPool(_REFUSERS, waiting=0, name="refusals")
        self._busy = to_wire(Busy(), domain_of(process))
        self._no_message = to_wire(InvalidRequest([("", "NO_MESSAGE")]), domain_of(process))
        self._silent: dict[_Awaited, None] = {}
        self._silent_lock = threading.Lock()

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Choose the pool."""
        handler = continuation(handler_call_details)
        if handler is None:
            return None
        pool = self._own.get(handler_call_details.method, self._calls)
        if pool.is_full:
            return self._in(self._refusers, raw(handler, self._refuse))
        return self._in(pool, handler, handler_call_details.method)

    def end_silent_calls(self, stopping: threading.Event) -> None:
        """End, until stopped, each call that has waited five seconds for its request."""
        while not stopping.wait(_LOOK_EVERY_SECONDS):
            now = time.monotonic()
            with self._silent_lock:
                over = [one for one in self._silent if one.ends_at_seconds <= now]
            for awaited in over:
                awaited.end()

    def _refuse(self, _: object, context: grpc.ServicerContext) -> None:
        self._end(context, self._busy, Busy)

    def _in(self, pool: CallPool, handler: Handler, method: str = "") -> Handler:
        """Return `handler`, to be run in `pool`; to gRPC its requests stream, so that we watch while one comes."""
        inner, rates = behaviour_of(handler), self._rates.get(method)
        # From the arrival on: time spent waiting for a worker counts.
        ends_at_seconds = time.monotonic() + LONGEST_SECONDS

        def given(requests: Iterator[Any], context: grpc.ServicerContext) -> Any:
            if rates is not None and not rates.takes(_holder_of(context)):
                self._end(context, self._busy, Busy, method=method)
            if handler.request_streaming:
                return requests
            with pool.silence():
                return self._only(requests, context, ends_at_seconds)

        def call(requests: Iterator[Any], context: grpc.ServicerContext) -> Any:
            request = given(requests, context)
            with pool.work():
                return inner(request, context)

        def stream(requests: Iterator[Any], context: grpc.ServicerContext) -> Iterator[Any]:
            request = given(requests, context)
            with pool.work():
                yield from inner(request, context)

        streams = handler.response_streaming
        behaviour: Any = stream if streams else call
        behaviour.experimental_thread_pool = pool
        make = grpc.stream_stream_rpc_method_handler if streams else grpc.stream_unary_rpc_method_handler
        made: Handler = make(behaviour, handler.request_deserializer, handler.response_serializer)
        return made

    def _only(self, requests: Iterator[Any], context: grpc.ServicerContext, ends_at_seconds: float) -> Any:
        """Return the one request of a call; raises what gRPC knows how to take if the call is over before it came."""
        awaited = _Awaited(context, ends_at_seconds)
        with self._silent_lock:
            self._silent[awaited] = None
            one_too_many = self._longest_silent() if len(self._silent) > MOST_SILENT else None
        if one_too_many is not None:
            one_too_many.end()
        try:
            request = next(requests, None)
        finally:
            with self._silent_lock:
                self._silent.pop(awaited, None)
        if request is None:
            self._end(context, self._no_message, InvalidRequest)
        return request

    def _longest_silent(self) -> _Awaited:
        held = Counter(one.connection for one in self._silent)
        most = max(held.values())
        return next(one for one in self._silent if held[one.connection] == most)

    def _end(
        self,
        context: grpc.ServicerContext,
        status: status_pb2.Status,
        error: type[ServiceError],
        *,
        method: str = "any",
    ) -> NoReturn:
        # Tracing is further in and does not see these.
        ended = {"process": self._process, "method": method, "code": error.status, "reason": error.reason}
        self._telemetry.calls.add(1, ended)
        refuse(context, status, reason=error.reason)


def _holder_of(context: grpc.ServicerContext) -> bytes:
    """Return whom the certificate at the other end names, as TLS has read it: a renewed one is no other caller."""
    held: Mapping[str, Any] = context.auth_context()
    return b" ".join(held.get("peer_uri", ()))


@dataclass(frozen=True, eq=False)
class _Awaited:
    """A call whose request has not come."""

    context: grpc.ServicerContext
    ends_at_seconds: float

    @cached_property
    def connection(self) -> str:
        """The connection it came by."""
        return str(self.context.peer())

    def end(self) -> None:
        """End it: whoever waits for its request is told that none comes."""
        self.context.cancel()  # type: ignore[no-untyped-call]  # grpc-stubs says nothing of it
