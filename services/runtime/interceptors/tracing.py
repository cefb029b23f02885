"""One span, one count and one duration for every call, by its method's name and how it ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from opentelemetry.trace import SpanKind

from services.runtime.access import AccessTable
from services.runtime.interceptors.arity import Continuation, Handler, Interceptor, guarded
from services.runtime.telemetry import Telemetry, begin_outcome, context_from

_UNLISTED = "unlisted"


class Tracing(Interceptor):
    """The outermost but for admission: it sees how the error boundary ended the call, and no error's text.

    A method that is not in `table` is called "unlisted", since its name was written by whoever called. `trace_of`
    says which trace a call's span joins: its caller's, where only processes of ours call.
    """

    def __init__(
        self,
        *,
        process: str,
        table: AccessTable,
        telemetry: Telemetry,
        trace_of: Callable[[grpc.ServicerContext], Any] = lambda context: context_from(context.invocation_metadata()),
    ) -> None:
        self._process = process
        self._table = table
        self._telemetry = telemetry
        self._trace_of = trace_of

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Surround the handler."""
        handler = continuation(handler_call_details)
        said = self._table.get(handler_call_details.method)
        name = said.full_name if said is not None else _UNLISTED

        @contextmanager
        def traced(_: bytes | None, context: grpc.ServicerContext) -> Iterator[None]:
            began = time.monotonic()
            outcome = begin_outcome()
            with self._telemetry.tracer.start_as_current_span(
                name,
                context=self._trace_of(context),
                kind=SpanKind.SERVER,
                record_exception=False,
                set_status_on_exception=False,
            ) as span:
                try:
                    yield
                finally:
                    duration_ms = (time.monotonic() - began) * 1000
                    ended = {"process": self._process, "method": name, "code": outcome.code, "reason": outcome.reason}
                    span.set_attributes({**ended, "duration_ms": duration_ms})
                    self._telemetry.calls.add(1, ended)
                    self._telemetry.durations.record(duration_ms, {"process": self._process, "method": name})

        return handler and guarded(handler, traced)
