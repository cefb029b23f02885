"""Fetches the keys that verify tokens from the one process that signs them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC

from contactpoint.identity.v1 import identity_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2_grpc as rpc

from services.runtime.channels import PeerChannel
from services.runtime.verification_keys import PublishedKey


def published_over(channel: PeerChannel) -> Callable[[], Sequence[PublishedKey]]:
    """Return what RemoteVerificationKeys asks: ListVerificationKeys over a channel to identity."""
    stub = rpc.VerificationKeysServiceStub(channel)

    def fetch() -> Sequence[PublishedKey]:
        answer = channel.call(stub.ListVerificationKeys, pb.ListVerificationKeysRequest(), idempotent=True)
        return [
            PublishedKey(key.kid, key.public_key, key.not_before.ToDatetime(UTC), key.not_after.ToDatetime(UTC))
            for key in answer.keys
        ]

    return fetch
