"""What every call to the edge passes before it is forwarded; proving who calls is forwarding's own first step."""

from __future__ import annotations

import grpc

from gateway.edge.forward import WEB_GATEWAY
from services.runtime.access import AccessTable
from services.runtime.errors import NotAuthenticated
from services.runtime.interceptors.arity import Interceptor
from services.runtime.interceptors.error_boundary import ErrorBoundary
from services.runtime.interceptors.limits import OUTSIDE_KEYS, Limits
from services.runtime.interceptors.tracing import Tracing
from services.runtime.peers import peer_of
from services.runtime.telemetry import Telemetry

PROCESS = "gateway.edge"


def edge_interceptors(table: AccessTable, telemetry: Telemetry, *, environment: str) -> list[Interceptor]:
    """Return the interceptors, outermost first: as a service's, without its token, its table and its messages.

    A call of our own pages joins its page's trace; what any other caller says of traces is refused, and not read.
    """

    def is_of_pages(context: grpc.ServicerContext) -> bool:
        try:
            return peer_of(context.auth_context(), environment=environment).process == WEB_GATEWAY
        except NotAuthenticated:
            return False

    return [
        Tracing(process=PROCESS, table=table, telemetry=telemetry, joins=is_of_pages),
        ErrorBoundary(process=PROCESS),
        Limits(allowed_keys=OUTSIDE_KEYS, traced=is_of_pages),
    ]
