"""What every call is held to, whatever its caller says: time, size, and metadata that names nobody twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import grpc

from services.runtime import deadline as deadlines
from services.runtime.errors import InvalidRequest, MessageTooLarge
from services.runtime.interceptors.arity import Continuation, Handler, Interceptor, guarded

LARGEST_MESSAGE_BYTES = 256 * 1024
LARGEST_METADATA_BYTES = 8 * 1024

ACT_KEY = "contactpoint-act"
CHANNEL_KEY = "contactpoint-channel"
KNOWN_KEY = "contactpoint-known-index"
"""The index of the newest receipt that a caller of the ledger holds."""
SESSION_KEY = "authorization"

INSIDE_KEYS = frozenset({ACT_KEY, CHANNEL_KEY, KNOWN_KEY, "traceparent", "tracestate"})
"""What may come from one of our processes."""
OUTSIDE_KEYS = frozenset({SESSION_KEY})
"""What may come to the edge from outside."""
PAGE_TRACE_KEY = "page-traceparent"
"""The trace of the page that asks; the edge reads it of our own pages alone. It is not called `traceparent`, because an
edge of release 1 refuses that from outside, and it must be possible to go back to that edge beneath these pages."""

# Keys that say, or that some proxy or library would take as saying, who is calling.
_NAMES_SOMEBODY = (
    "contactpoint-", "x-user", "x-forwarded", "x-real-ip", "x-remote", "x-auth", "x-client", "x-ssl", "x-original",
    "forwarded", "authorization", "proxy-authorization", "remote-user", "cookie", "traceparent", "tracestate",
)  # fmt: skip
# What HTTP/2 adds to each header in the accounting of RFC 9113, 6.5.2.
_HEADER_OVERHEAD_BYTES = 32

Metadata = Sequence[tuple[str, str | bytes]]


class Limits(Interceptor):
    """Holds every call to five seconds, 256 KiB, 8 KiB of metadata, and the allowed identity keys, once each."""

    def __init__(self, *, allowed_keys: frozenset[str], longest_seconds: float = deadlines.LONGEST_SECONDS) -> None:
        self._allowed_keys = allowed_keys
        self._longest_seconds = longest_seconds

    def intercept_service(
        self, continuation: Continuation, handler_call_details: grpc.HandlerCallDetails
    ) -> Handler | None:
        """Surround the handler."""
        handler = continuation(handler_call_details)
        # From the arrival on: time spent waiting for a worker counts.
        latest = deadlines.Deadline.after(self._longest_seconds)

        @contextmanager
        def limits(request: bytes | None, context: grpc.ServicerContext) -> Iterator[None]:
            deadline = _the_earlier(latest, context.time_remaining())
            deadlines.begin(deadline)
            deadline.check()
            check_metadata(context.invocation_metadata(), allowed_keys=self._allowed_keys)
            if request is not None and len(request) > LARGEST_MESSAGE_BYTES:
                raise MessageTooLarge
            yield
            # An answer that comes too late is none: the caller has stopped listening, or would with a clock of its own.
            deadline.check()

        return handler and guarded(handler, limits)


def check_metadata(metadata: Metadata, *, allowed_keys: frozenset[str]) -> None:
    """Raise InvalidRequest if a call's metadata is too large, or names somebody in a way that is not allowed.

    A key is compared as the laxest reader would read it: without case, `_` as `-`, with and without `-bin`.
    """
    size = sum(len(key) + len(value) + _HEADER_OVERHEAD_BYTES for key, value in metadata)
    if size > LARGEST_METADATA_BYTES:
        raise InvalidRequest([("metadata", "TOO_LARGE")])
    read_as = [(key, key.lower().replace("_", "-").removesuffix("-bin")) for key, _ in metadata]
    naming = [(key, folded) for key, folded in read_as if folded.startswith(_NAMES_SOMEBODY) or folded in allowed_keys]
    if any(key not in allowed_keys for key, _ in naming):
        raise InvalidRequest([("metadata", "IDENTITY_KEY_NOT_ALLOWED")])
    if any(count > 1 for count in Counter(folded for _, folded in naming).values()):
        raise InvalidRequest([("metadata", "IDENTITY_KEY_TWICE")])


def one_value(metadata: Metadata, key: str) -> str | None:
    """Return the text of `key`, which `check_metadata` found at most once, or None."""
    for name, value in metadata:
        if name == key and isinstance(value, str):
            return value
    return None


def _the_earlier(latest: deadlines.Deadline, remaining_seconds: float | None) -> deadlines.Deadline:
    if remaining_seconds is None or remaining_seconds >= latest.remaining_seconds():
        return latest
    return deadlines.Deadline.after(remaining_seconds)
