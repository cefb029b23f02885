"""What every call to the edge passes before it is forwarded; proving who calls is forwarding's own first step."""

from __future__ import annotations

from typing import Any

import grpc

from gateway.edge.forward import WEB_GATEWAY
from services.runtime.access import AccessTable
from services.runtime.errors import NotAuthenticated
from services.runtime.interceptors.arity import Interceptor
from services.runtime.interceptors.error_boundary import ErrorBoundary
from services.runtime.interceptors.limits import OUTSIDE_KEYS, PAGE_TRACE_KEY, Limits
from services.runtime.interceptors.tracing import Tracing
from services.runtime.peers import peer_of
from services.runtime.telemetry import Telemetry, context_from

PROCESS = "gateway.edge"


def edge_interceptors(table: AccessTable, telemetry: Telemetry, *, environment: str) -> list[Interceptor]:
    """Return the interceptors, outermost first: as a service's, without its token, its table and its messages.

    A call of our own pages joins its page's trace; what any other caller says of traces is not read.
    """

    def trace_of(context: grpc.ServicerContext) -> Any:
        metadata = context.invocation_metadata() if is_of_pages(context) else ()
        return context_from(metadata, PAGE_TRACE_KEY)

    def is_of_pages(context: grpc.ServicerContext) -> bool:
        try:
            return peer_of(context.auth_context(), environment=environment).process == WEB_GATEWAY
        except NotAuthenticated:
            return False

    return [
        Tracing(process=PROCESS, table=table, telemetry=telemetry, trace_of=trace_of),
        ErrorBoundary(process=PROCESS),
        Limits(allowed_keys=OUTSIDE_KEYS),
    ]
