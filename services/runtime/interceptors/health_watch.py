"""Lets our own processes watch, on the port for calls, which of two alike leads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import grpc
from grpc_health.v1 import health_pb2

from services.runtime.errors import Busy, NotPermitted, ServiceError, to_wire
from services.runtime.interceptors.arity import Continuation, Handler, Interceptor
from services.runtime.interceptors.error_boundary import domain_of, refuse
from services.runtime.peers import peer_of

WATCH = "/grpc.health.v1.Health/Watch"
MOST_WATCHES = 64
_CALLERS_LEAVE_SECONDS = 0.3

Answer = health_pb2.HealthCheckResponse
Send = Callable[[health_pb2.HealthCheckResponse], None]


@dataclass(eq=False)
class _Watch:
    """One caller who wants to hear of one name."""

    context: grpc.ServicerContext
    name: str
    send: Send
    order: threading.Lock = field(default_factory=threading.Lock)


class HealthWatch(Interceptor):
    """Answers one method beside the table: whether a name is served, to certificates of our own processes.

    It stands outside everything else, and a watch costs no worker however long it lasts: it begins in threads of its
    own, and what is said later is sent by whoever has it to say. (The library's own servicer sends under the lock that
    the end of a watch needs: two that end while it speaks stop the server for good.)
    """

    def __init__(self, *, process: str, environment: str) -> None:
        self._domain = domain_of(process)
        self._environment = environment
        self._served: dict[str, bool] = {}
        self._is_over = False
        self._watches: set[_Watch] = set()
        self._lock = threading.Lock()

        def watch(request: health_pb2.HealthCheckRequest, context: grpc.ServicerContext, send: Send) -> None:
            try:
                begun = self._begun(request.service, context, send)
            except ServiceError as error:
                refuse(context, to_wire(error, self._domain), reason=error.reason)
            self._tell(begun)

        watch.experimental_non_blocking = True  # type: ignore[attr-defined]  # how gRPC is told
        watch.experimental_thread_pool = ThreadPoolExecutor(2, thread_name_prefix="watches")  # type: ignore[attr-defined]
        self._handler: Handler = grpc.unary_stream_rpc_method_handler(
            watch, health_pb2.HealthCheckRequest.FromString, health_pb2.HealthCheckResponse.SerializeToString
        )

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Take watches; hand on everything else."""
        return self._handler if handler_call_details.method == WATCH else continuation(handler_call_details)

    def say(self, name: str, *, is_served: bool) -> None:
        """Tell everybody who watches a name."""
        with self._lock:
            self._served[name] = is_served and not self._is_over
            watches = [one for one in self._watches if one.name == name]
        for one in watches:
            self._tell(one)

    def end_all(self) -> None:
        """Say of every name that it is not served, end every watch, and return when whoever watched has left."""
        with self._lock:
            self._is_over = True
            self._served = dict.fromkeys(self._served, False)
            watches = list(self._watches)
        for one in watches:
            self._tell(one)
            one.context.cancel()  # type: ignore[no-untyped-call]  # grpc-stubs says nothing of it
        if watches:
            # They go to the other one now; what is on its way here at the very end would be cut off.
            time.sleep(_CALLERS_LEAVE_SECONDS)

    def _tell(self, watch: _Watch) -> None:
        # In order, and each time what holds now: the newest word is the last.
        with watch.order:
            served = self._served.get(watch.name)
            word = Answer.SERVICE_UNKNOWN if served is None else Answer.SERVING if served else Answer.NOT_SERVING
            watch.send(Answer(status=word))

    def _begun(self, name: str, context: grpc.ServicerContext, send: Send) -> _Watch:
        """Return a watch, kept until it ends; raises NotPermitted, NotAuthenticated, Busy."""
        if peer_of(context.auth_context(), environment=self._environment).process is None:
            raise NotPermitted
        watch = _Watch(context, name, send)
        with self._lock:
            if len(self._watches) >= MOST_WATCHES:
                raise Busy
            self._watches.add(watch)

        def end() -> None:
            with self._lock:
                self._watches.discard(watch)

        if not context.add_callback(end):
            end()
        return watch
