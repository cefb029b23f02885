"""What a process taken over could do: calls to any port with any of our processes' certificates, and real tokens."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc
from contactpoint.identity.v1 import identity_service_pb2 as identity
from contactpoint.identity.v1 import identity_service_pb2_grpc as identity_rpc
from google.protobuf.message import Message

from deploy.local.settlement.outside import Outside, Refused, refusal_of
from deploy.local.suite import Suite
from services.runtime.peers import server_name


@dataclass(frozen=True)
class Inside:
    """The ports of a suite, reached with the certificates that its processes have."""

    suite: Suite

    def channel(self, to: str, *, as_process: str) -> grpc.Channel:
        """Return a channel to a process's own port, with another process's certificate."""
        issued = self.suite.certificate_of(as_process)
        credentials = grpc.ssl_channel_credentials(
            self.suite.ca.read_bytes(), issued.private_key.read_bytes(), issued.certificate.read_bytes()
        )
        options = [("grpc.ssl_target_name_override", server_name(to)), ("grpc.use_local_subchannel_pool", 1)]
        return grpc.secure_channel(f"127.0.0.1:{self.suite.port(to)}", credentials, options=options)

    def token(self, outside: Outside, method: str, request: bytes, *, channel_thumbprint: str, system: str = "") -> str:
        """Return the token that identity makes for one call of a signed-in person, as the edge would ask for it."""
        with self.channel("identity", as_process="gateway.edge") as channel:
            stub = identity_rpc.AuthorisationServiceStub(channel)
            return str(
                self.call(
                    stub.Authorise,
                    identity.AuthoriseRequest(
                        session=outside.session,
                        method=method,
                        request_digest=hashlib.sha256(request).digest(),
                        channel=channel_thumbprint,
                        system=system,
                    ),
                ).token
            )

    def call(self, method: Any, request: Message, *, metadata: Sequence[tuple[str, str]] = ()) -> Any:
        """Return the answer; raises Refused."""
        try:
            return method(request, timeout=5.0, metadata=tuple(metadata))
        except grpc.RpcError as error:
            raise refusal_of(error) from None


__all__ = ["Inside", "Refused"]
