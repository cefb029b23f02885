"""Proves who is calling: the peer by its certificate, the person or supplier by the token, the token by its binding."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager

import grpc

from services.runtime import caller as callers
from services.runtime import tokens
from services.runtime.access import AccessTable, Assurance, Exposure, MethodAccess
from services.runtime.caller import Caller
from services.runtime.clock import Clock
from services.runtime.errors import NotAuthenticated, NotPermitted
from services.runtime.interceptors.arity import Continuation, Handler, Interceptor, guarded
from services.runtime.interceptors.limits import ACT_KEY, CHANNEL_KEY, one_value
from services.runtime.peers import Peer, peer_of
from services.runtime.tokens import Act, VerificationKeys

EDGE = "gateway.edge"
_THUMBPRINT = re.compile(r"[0-9a-f]{64}")


class Authentication(Interceptor):
    """Lets nothing past that did not prove who it is, and keeps what was proved as the Caller of the call."""

    def __init__(
        self, *, process: str, environment: str, table: AccessTable, keys: VerificationKeys, clock: Clock
    ) -> None:
        self._process = process
        self._environment = environment
        self._table = table
        self._keys = keys
        self._clock = clock

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Surround the handler."""
        handler = continuation(handler_call_details)
        method = handler_call_details.method

        @contextmanager
        def proof(request: bytes | None, context: grpc.ServicerContext) -> Iterator[None]:
            callers.begin(self._proved(method, request, context))
            yield

        return handler and guarded(handler, proof)

    def _proved(self, method: str, request: bytes | None, context: grpc.ServicerContext) -> Caller:
        # 1. The peer, by its certificate, and whether that process calls this method at all. A method that is not ours,
        #    or not this peer's to call, looks the same, token or not.
        peer = peer_of(context.auth_context(), environment=self._environment)
        said = self._table.get(method)
        if said is None or said.process != self._process or not _may_call(peer, said):
            raise NotPermitted
        metadata = context.invocation_metadata()
        token, channel = one_value(metadata, ACT_KEY), one_value(metadata, CHANNEL_KEY)
        # 2. The outside channel's certificate: only the edge sees one, so only the edge may speak of it.
        if channel is not None and (peer.process != EDGE or not _THUMBPRINT.fullmatch(channel)):
            raise NotPermitted
        # 3. The token, where there is one to be: a stream has no bytes to bind one to.
        digest = b"" if request is None else hashlib.sha256(request).digest()
        act = None
        if said.takes_token:
            if token is None or request is None:
                raise NotAuthenticated
            act = (
                self._direct(token, said, peer, digest)
                if said.exposure is Exposure.EDGE
                else self._onward(token, said, peer)
            )
        elif token is not None:
            raise NotPermitted
        return Caller(peer=peer, act=act, token=token, digest=digest, method=method, channel=channel)

    def _direct(self, token: str, said: MethodAccess, peer: Peer, digest: bytes) -> Act:
        """Return the act of a call from the edge: made for us, this method, these bytes, this certificate."""
        act = tokens.verify(
            token,
            self._keys,
            environment=self._environment,
            audience=self._process,
            method=said.full_name,
            clock=self._clock,
        )
        if not hmac.compare_digest(act.req, digest.hex()) or not hmac.compare_digest(act.cnf, peer.thumbprint):
            raise NotAuthenticated
        return act

    def _onward(self, token: str, said: MethodAccess, peer: Peer) -> Act:
        """Return the act of a call that another caused: made for the peer, whose own method lists ours. One hop."""
        if peer.process is None:
            raise NotAuthenticated
        act = tokens.verify(token, self._keys, environment=self._environment, audience=peer.process, clock=self._clock)
        cause = self._table.get(act.mth)
        if cause is None or cause.process != peer.process or not self._table.may_cause(act.mth, said.full_name):
            raise NotAuthenticated
        return act


def _may_call(peer: Peer, said: MethodAccess) -> bool:
    if peer.process is None:
        return False
    return peer.process == EDGE if said.exposure is Exposure.EDGE else peer.process in said.callers


def takes_a_person(said: MethodAccess) -> bool:
    """Return whether the method is called under a person's token."""
    return said.assurance in (Assurance.TWO_FACTOR, Assurance.KEY_ON_ACT)
