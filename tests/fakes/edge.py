"""What stands behind the edge in its tests: an identity that judges as told, and an owner of methods that records."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
from contactpoint.identity.v1 import identity_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2_grpc as rpc

from services.runtime.access import Assurance, Exposure, whole_table
from services.runtime.errors import Blame, NotPermitted, ServiceError
from services.runtime.peers import peer_of

MAY_SUPPLY = str(uuid.UUID(int=1, version=4))
"""The one system that this identity takes for a supplier."""


class SessionEnded(ServiceError):
    """Identity's own refusal, of a reason that the edge does not know."""

    status = "UNAUTHENTICATED"
    reason = "SESSION_ENDED"
    blame: Blame = "user"


@dataclass
class FakeIdentity(rpc.AuthorisationServiceServicer):
    """Judges as identity does, from a list of sessions and their permissions; `instead` takes over where it is set."""

    permissions: dict[str, set[str]] = field(default_factory=dict)
    asked: list[pb.AuthoriseRequest] = field(default_factory=list)
    instead: Callable[[pb.AuthoriseRequest], str] | None = None

    def Authorise(self, request: pb.AuthoriseRequest, context: grpc.ServicerContext) -> pb.AuthoriseResponse:
        self.asked.append(request)
        return pb.AuthoriseResponse(token=(self.instead or self._judged)(request))

    def _judged(self, request: pb.AuthoriseRequest) -> str:
        method = whole_table().get(request.method)
        if not request.session:
            if method is None or method.assurance is not Assurance.SYSTEM or request.system != MAY_SUPPLY:
                raise SessionEnded
        elif request.session not in self.permissions:
            raise SessionEnded
        elif (
            method is None
            or method.exposure is not Exposure.EDGE
            or method.permission not in self.permissions[request.session]
        ):
            raise NotPermitted
        return f"token-{len(self.asked)}"


@dataclass(frozen=True)
class Arrived:
    """One call as it came to the owner of its method."""

    method: str
    request: bytes
    metadata: dict[str, Any]
    by: str | None


def echo(arrived: Arrived) -> bytes:
    """Return an answer that shows the request's bytes."""
    return b"answer to " + arrived.request


@dataclass
class FakeOwner(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # generic only to the type checker
    """Owns every method: records each call, and answers with `answer`, or with an echo."""

    arrived: list[Arrived] = field(default_factory=list)
    answer: Callable[[Arrived], bytes] = echo
    lock: threading.Lock = field(default_factory=threading.Lock)

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        method = handler_call_details.method

        def handle(request: bytes, context: grpc.ServicerContext) -> bytes:
            sent = {key: value for key, value in context.invocation_metadata() if not key.startswith("user-agent")}
            by = peer_of(context.auth_context(), environment="synthetic").process
            arrived = Arrived(method, request, sent, by)
            with self.lock:
                self.arrived.append(arrived)
            return self.answer(arrived)

        return grpc.unary_unary_rpc_method_handler(handle)
