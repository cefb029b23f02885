"""Asks identity, for every single call, whether it may be made."""

from __future__ import annotations

from typing import Protocol

from contactpoint.identity.v1 import identity_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2_grpc as rpc

from services.runtime.channels import PeerChannel
from services.runtime.peers import Peer


class Authorise(Protocol):
    """Judges one call."""

    def __call__(self, *, session: str, method: str, request_digest: bytes, peer: Peer) -> str:
        """Return the token for this one call, or raise the ServiceError that refuses it."""
        ...


class RemoteAuthorise:
    """Identity's `Authorise`."""

    def __init__(self, channel: PeerChannel) -> None:
        self._channel = channel
        self._stub = rpc.AuthorisationServiceStub(channel)

    def __call__(self, *, session: str, method: str, request_digest: bytes, peer: Peer) -> str:
        """Return the token for this one call; raises identity's refusal, DependencyUnavailable if it is silent."""
        request = pb.AuthoriseRequest(
            session=session,
            method=method,
            request_digest=request_digest,
            channel=peer.thumbprint,
            system=peer.system or "",
            channel_name=peer.name_digest,
        )
        # Repeating it is safe: a token that nobody received opens nothing, and dies in seconds.
        return self._channel.call(self._stub.Authorise, request, idempotent=True).token
