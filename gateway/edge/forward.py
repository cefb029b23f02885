"""What happens to a call at the edge: one procedure for every method, written once.

1. The channel's certificate names a web gateway or a registered system, else the call ends here.
2. The minute's calls are counted.
3. A method that needs no session (sign-in, enrolment) is forwarded as it is. For every other name, one that does not exist
   included, identity is asked: an unlisted, an internal and a forbidden method are refused by the same words, after the
   same work.
4. The bytes go on, as they came, to the one process that owns the method, with the token that identity made for them.
5. If somebody's standing changed between 3 and 4, the ledger says so, and both are done once more.
6. Answers that disclose leave on the grid.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import grpc

from gateway.edge.authorise import Authorise
from gateway.edge.grid import AnswerGrid
from services.runtime.access import AccessTable, Assurance, Exposure, MethodAccess
from services.runtime.errors import NotAuthenticated, NotPermitted, StandingChanged
from services.runtime.peers import Peer

_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]{43})")
_METHOD = re.compile(r"/[a-z0-9_.]{1,80}\.[A-Z][A-Za-z0-9]{0,40}/[A-Z][A-Za-z0-9]{0,40}")
_WEB_GATEWAY = "gateway.web"


class Onward(Protocol):
    """The way to one process."""

    def __call__(self, method: str, request: bytes, *, token: str | None, channel: str) -> bytes:
        """Return the answer's bytes, or raise the ServiceError that refuses."""
        ...


@dataclass(frozen=True, kw_only=True)
class Forward:
    """Takes one outside call to the process that owns its method, if identity lets it."""

    table: AccessTable
    authorise: Authorise
    onward: Mapping[str, Onward]
    count: Callable[[str], None]
    grid: AnswerGrid
    monotonic: Callable[[], float] = time.monotonic

    def __call__(self, peer: Peer, method: str, request: bytes, metadata: Sequence[tuple[str, str | bytes]]) -> bytes:
        """Return the answer's bytes; raises a ServiceError, never saying whether a refused method exists."""
        came_at_seconds = self.monotonic()
        access = self.table.get(method)
        try:
            return self._forwarded(peer, method, access, request, metadata)
        finally:
            # Refusals too: a quick "no" would be an answer.
            if access is not None and access.children_disclosed:
                self.grid.hold_back(came_at_seconds)

    def _forwarded(
        self,
        peer: Peer,
        method: str,
        access: MethodAccess | None,
        request: bytes,
        metadata: Sequence[tuple[str, str | bytes]],
    ) -> bytes:
        if peer.system is None and peer.process != _WEB_GATEWAY:
            raise NotAuthenticated
        session = _session_of(metadata)
        self.count(hashlib.sha256(session.encode()).hexdigest()[:32] if session else peer.thumbprint)
        if access is not None and access.exposure is Exposure.EDGE and access.assurance is Assurance.NONE:
            return self.onward[access.process](method, request, token=None, channel=peer.thumbprint)
        return self._authorised(peer, method, access, request, session)

    def _authorised(self, peer: Peer, method: str, access: MethodAccess | None, request: bytes, session: str) -> bytes:
        if not session and (access is None or access.assurance is not Assurance.SYSTEM):
            raise NotAuthenticated
        if _METHOD.fullmatch(method) is None:
            raise NotPermitted
        digest = hashlib.sha256(request).digest()
        for is_last in (False, True):
            token = self.authorise(session=session, method=method, request_digest=digest, peer=peer)
            if access is None or access.exposure is not Exposure.EDGE:
                # Identity refuses these itself; a table that is newer than ours must not open them either.
                raise NotPermitted
            try:
                return self.onward[access.process](method, request, token=token, channel=peer.thumbprint)
            except StandingChanged:
                if is_last:
                    raise
        raise AssertionError("the last try returns or raises")


class AnyMethod(grpc.GenericRpcHandler):
    """Takes calls of every name, so that a name that does not exist is refused like any other."""

    def __init__(self, forward: Forward, peer_of: Callable[[grpc.ServicerContext], Peer]) -> None:
        self._forward = forward
        self._peer_of = peer_of

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[bytes, bytes]:
        """Return the handler of one call: bytes in, bytes out."""
        method = handler_call_details.method
        metadata = tuple(handler_call_details.invocation_metadata)

        def handle(request: bytes, context: grpc.ServicerContext) -> bytes:
            return self._forward(self._peer_of(context), method, request, metadata)

        return grpc.unary_unary_rpc_method_handler(handle)


def _session_of(metadata: Sequence[tuple[str, Any]]) -> str:
    """Return the session's handle, "" without one; raises NotAuthenticated for anything else that is sent as one."""
    sent = [value for key, value in metadata if key == "authorization"]
    if not sent:
        return ""
    found = _BEARER.fullmatch(sent[0]) if len(sent) == 1 and isinstance(sent[0], str) else None
    if found is None:
        raise NotAuthenticated
    return found[1]
