"""What every call to the edge passes before it is forwarded; proving who calls is forwarding's own first step."""

from __future__ import annotations

from services.runtime.access import AccessTable
from services.runtime.interceptors.arity import Interceptor
from services.runtime.interceptors.error_boundary import ErrorBoundary
from services.runtime.interceptors.limits import OUTSIDE_KEYS, Limits
from services.runtime.interceptors.tracing import Tracing
from services.runtime.telemetry import Telemetry

PROCESS = "gateway.edge"


def edge_interceptors(table: AccessTable, telemetry: Telemetry) -> list[Interceptor]:
    """Return the interceptors, outermost first: as a service's, without its token, its table and its messages."""
    return [
        Tracing(process=PROCESS, table=table, telemetry=telemetry),
        ErrorBoundary(process=PROCESS),
        Limits(allowed_keys=OUTSIDE_KEYS),
    ]
