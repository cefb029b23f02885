"""What happens to a call at the edge: one procedure for every method, written once.

1. The channel's certificate names a web gateway or a registered system, and the session, if one is sent, has a
   session's shape; else the call ends here, whatever its method.
2. The minute's calls are counted.
3. A method that needs no session (sign-in, enrolment) is forwarded as it is. For every other name, one that does not
   exist included, and with or without a session, identity is asked: an unlisted, an internal and a forbidden method are
   refused by the same words, after the same work.
4. The bytes go on, as they came, to the one process that owns the method, with the token that identity made for them.
5. If somebody's standing changed between 3 and 4, the ledger says so, and both are done once more.
6. Answers that disclose leave on the grid, and so does every refusal from step 3 on: a forbidden search must not be
   told from a name that does not exist by how long it took.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import grpc

from gateway.edge.authorise import Authorise
from gateway.edge.grid import AnswerGrid
from services.runtime.access import AccessTable, Assurance, Exposure, MethodAccess
from services.runtime.errors import NotAuthenticated, NotPermitted, ServiceError, StandingChanged
from services.runtime.interceptors.limits import SESSION_KEY
from services.runtime.peers import Peer

if TYPE_CHECKING:
    # Generic only to the type checker.
    GenericHandler = grpc.GenericRpcHandler[bytes, bytes]
else:
    GenericHandler = grpc.GenericRpcHandler

UNLISTED = "/contactpoint.unlisted.v1.UnlistedService/Unlisted"
"""What identity is asked for in place of a name that no contract has: such a name was written by whoever called."""
_BEARER = re.compile(r"Bearer ([A-Za-z0-9_-]{43})")
WEB_GATEWAY = "gateway.web"


class Onward(Protocol):
    """The way to one process."""

    def __call__(self, method: str, request: bytes, *, token: str | None, channel: str) -> bytes:
        """Return the answer's bytes, or raise the ServiceError that refuses."""
        ...


class Count(Protocol):
    """Counts the minute's calls."""

    def __call__(self, session: str, channel: str) -> None:
        """Count one call of a session ("" without one) on a channel; raises Busy."""
        ...


@dataclass(frozen=True, kw_only=True)
class Forward:
    """Takes one outside call to the process that owns its method, if identity lets it."""

    table: AccessTable
    authorise: Authorise
    onward: Mapping[str, Onward]
    count: Count
    grid: AnswerGrid

    def __call__(self, peer: Peer, method: str, request: bytes, metadata: Sequence[tuple[str, str | bytes]]) -> bytes:
        """Return the answer's bytes; raises a ServiceError, never saying whether a refused method exists."""
        came_at_seconds = self.grid.monotonic()
        # 1.
        if peer.system is None and peer.process != WEB_GATEWAY:
            raise NotAuthenticated
        session = _session_of(metadata)
        # 2.
        self.count(session, peer.thumbprint)
        listed = self.table.get(method)
        # An internal method is none here: identity refuses it itself; a table that is newer than ours must not open it.
        access = listed if listed is not None and listed.exposure is Exposure.EDGE else None
        try:
            answer = self._answered(peer, method, access, request, session)
        except ServiceError:
            # 6. A quick "no" would be an answer.
            self.grid.hold_back(came_at_seconds)
            raise
        if access is not None and access.children_disclosed:
            self.grid.hold_back(came_at_seconds)
        return answer

    def _answered(self, peer: Peer, method: str, access: MethodAccess | None, request: bytes, session: str) -> bytes:
        # 3.
        if access is not None and access.assurance is Assurance.NONE:
            return self.onward[access.process](method, request, token=None, channel=peer.thumbprint)
        asked = UNLISTED if self.table.get(method) is None else method
        digest = hashlib.sha256(request).digest()
        for is_last in (False, True):
            token = self.authorise(session=session, method=asked, request_digest=digest, peer=peer)
            if access is None:
                break
            # 4.
            try:
                return self.onward[access.process](method, request, token=token, channel=peer.thumbprint)
            except StandingChanged:
                # 5.
                if is_last:
                    raise
        raise NotPermitted


class AnyMethod(GenericHandler):
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
    sent = [value for key, value in metadata if key == SESSION_KEY]
    if not sent:
        return ""
    found = _BEARER.fullmatch(sent[0]) if len(sent) == 1 and isinstance(sent[0], str) else None
    if found is None:
        raise NotAuthenticated
    return found[1]
