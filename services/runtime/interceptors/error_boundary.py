"""The one place that turns a Python error into a gRPC status."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import grpc
from google.rpc import status_pb2
from grpc_status import rpc_status

from services.runtime import telemetry
from services.runtime.errors import ServiceError, to_wire
from services.runtime.interceptors.arity import Continuation, Handler, Interceptor, guarded

log = logging.getLogger(__name__)
_INTERNAL: int = grpc.StatusCode.INTERNAL.value[0]


class ErrorBoundary(Interceptor):
    """Sends a ServiceError as its own status, and anything else as a bare reference.

    gRPC would otherwise put str(error) into the status, and a KeyError's text is often the very name or date of birth
    that was being looked up.
    """

    def __init__(self, *, process: str) -> None:
        self._domain = domain_of(process)

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Surround the handler."""
        handler = continuation(handler_call_details)
        return handler and guarded(handler, self._boundary)

    @contextmanager
    def _boundary(self, _: bytes | None, context: grpc.ServicerContext) -> Iterator[None]:
        try:
            yield
        except GeneratorExit:
            # The caller has left in mid-stream; there is nobody to refuse.
            raise
        except ServiceError as error:
            refuse(context, to_wire(error, self._domain), reason=error.reason)
        except BaseException as error:  # noqa: BLE001  # a panic of a Rust library is no Exception, and must not hang a call
            reference = secrets.token_hex(4)
            # Its type and place, and never its text, which may name a child.
            place = {"error_type": type(error).__name__, "where": telemetry.where(error)}
            log.error("rpc_failed", extra={"reference": reference, **place})  # noqa: TRY400
            status = status_pb2.Status(code=_INTERNAL, message=f"internal error, reference {reference}")
            refuse(context, status, reason="INTERNAL")


def domain_of(process: str) -> str:
    """Return the domain of a process's ErrorInfo."""
    return f"{process}.contactpoint"


def refuse(context: grpc.ServicerContext, status: status_pb2.Status, *, reason: str) -> NoReturn:
    """End the call with `status`; nobody but the error boundary and admission calls this."""
    wire = rpc_status.to_status(status)
    outcome = telemetry.outcome()
    outcome.code, outcome.reason = wire.code.name, reason
    context.set_trailing_metadata(wire.trailing_metadata)
    try:
        # Not abort_with_status: a tracing interceptor does not see that one.
        context.abort(wire.code, wire.details)
    except Exception as abort:
        # Whatever records errors outside us would write this error's whole chain, and the chain leads back to the error
        # that we are hiding.
        abort.__context__ = None
        raise
