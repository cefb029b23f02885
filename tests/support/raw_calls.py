"""Calls of any name with any bytes and metadata, and all of an answer that a caller can see."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import grpc

from deploy.local.settlement.outside import refusal_of

_SECONDS = 5.0
ACCESS_REASONS = frozenset({"NOT_PERMITTED", "NOT_AUTHENTICATED", "SESSION_ENDED"})
"""What a call is told that did not get past authentication and access."""


@dataclass(frozen=True)
class Answer:
    """One answer: what it says, and everything by which a caller could tell it from another."""

    status: str
    reason: str
    body: bytes = b""
    details: str = ""
    trailers: tuple[tuple[str, str | bytes], ...] = ()
    headers: tuple[tuple[str, str | bytes], ...] = ()
    seconds: float = 0.0

    @property
    def is_ok(self) -> bool:
        """Whether it is an answer and no refusal."""
        return self.status == "OK"

    @property
    def got_past_access(self) -> bool:
        """Whether the call reached what it asked for, whatever that then said."""
        return self.reason not in ACCESS_REASONS and self.status != "UNIMPLEMENTED"

    @property
    def seen(self) -> tuple[object, ...]:
        """Everything but the time."""
        return (self.status, self.reason, self.body, self.details, self.trailers, self.headers)


def raw_call(
    channel: grpc.Channel, method: str, request: bytes = b"", metadata: Sequence[tuple[str, str | bytes]] = ()
) -> Answer:
    """Return the answer to one call of bytes; a refusal is an answer too."""
    begun_at = time.perf_counter()
    # Without serialisers the library hands bytes through; its types do not say so.
    call: Any = channel.unary_unary(method)  # type: ignore[call-arg]
    body, reason = b"", ""
    told: Any
    try:
        body, told = call.with_call(request, timeout=_SECONDS, metadata=tuple(metadata))
    except grpc.RpcError as refused:
        reason, told = refusal_of(refused).reason, refused
    return Answer(
        status=told.code().name,
        reason=reason,
        body=body,
        details=told.details() or "",
        trailers=_pairs(told.trailing_metadata()),
        headers=_pairs(told.initial_metadata()),
        seconds=time.perf_counter() - begun_at,
    )


def _pairs(metadata: Any) -> tuple[tuple[str, str | bytes], ...]:
    return tuple(sorted((key, value) for key, value in metadata or ()))
