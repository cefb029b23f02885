"""The way from the edge to the process that owns a method: raw bytes, the token, the outside channel's thumbprint."""

from __future__ import annotations

from services.runtime.channels import PeerChannel
from services.runtime.interceptors.limits import ACT_KEY, CHANNEL_KEY


class OnwardChannel:
    """Forwards calls to one process."""

    def __init__(self, channel: PeerChannel) -> None:
        self._channel = channel

    def __call__(self, method: str, request: bytes, *, token: str | None, channel: str) -> bytes:
        """Return the answer's bytes; a call is never repeated, because a look that is repeated is another look."""
        metadata = [(CHANNEL_KEY, channel)]
        if token is not None:
            metadata.append((ACT_KEY, token))
        answer: bytes = self._channel.call(
            self._channel.unary_unary(method), request, idempotent=False, metadata=metadata
        )
        return answer
