"""The keys by which this process verifies tokens, fetched from the process that signs them, and forgotten in time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from services.runtime.clock import Clock
from services.runtime.errors import ServiceError

log = logging.getLogger(__name__)

_REFRESH_SECONDS = 60.0
_UNKNOWN_KEY_SECONDS = 1.0
_LONGEST_WITHOUT_ANSWER_SECONDS = 120.0
_MOST_KEYS = 32


@dataclass(frozen=True)
class PublishedKey:
    """One key as its owner publishes it."""

    kid: str
    public_key: bytes
    """Thirty-two bytes of Ed25519."""
    not_before: datetime
    """Aware, UTC."""
    not_after: datetime
    """Aware, UTC."""


@dataclass(frozen=True)
class _Held:
    key: Ed25519PublicKey
    not_before: datetime
    not_after: datetime


class RemoteVerificationKeys:
    """Keys fetched over a channel: again every minute, and at most once a second when an unknown key is named.

    Fails closed: when the owner has not answered for two minutes no key is left, so no token is taken.
    """

    def __init__(self, *, fetch: Callable[[], Sequence[PublishedKey]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._held: dict[str, _Held] = {}
        self._asked_at: float | None = None
        self._answered_at: float | None = None
        self._has_failed = False

    def key(self, kid: str) -> Ed25519PublicKey | None:
        """Return the key of that name if it is valid now, else None."""
        if self._is_due(kid):
            self._refresh(kid)
        if kid not in self._held:
            # Somebody else may be fetching it right now: the lock is free when that is done.
            with self._lock:
                pass
        now, answered_at = self._clock.now(), self._answered_at
        if answered_at is None or self._clock.monotonic() - answered_at > _LONGEST_WITHOUT_ANSWER_SECONDS:
            return None
        held = self._held.get(kid)
        return held.key if held is not None and held.not_before <= now < held.not_after else None

    def _is_due(self, kid: str) -> bool:
        if self._asked_at is None:
            return True
        age = self._clock.monotonic() - self._asked_at
        soon = self._has_failed or kid not in self._held
        return age >= (_UNKNOWN_KEY_SECONDS if soon else _REFRESH_SECONDS)

    def _refresh(self, kid: str) -> None:
        with self._lock:
            # Whoever waited for the lock finds the work done.
            if not self._is_due(kid):
                return
            self._asked_at = self._clock.monotonic()
            try:
                held = {one.kid: _held(one) for one in list(self._fetch())[:_MOST_KEYS]}
            except (ServiceError, ValueError) as error:
                self._has_failed = True
                log.warning("verification_keys_not_fetched", extra={"error_type": type(error).__name__})
                return
            self._held, self._answered_at, self._has_failed = held, self._clock.monotonic(), False


def _held(published: PublishedKey) -> _Held:
    key = Ed25519PublicKey.from_public_bytes(published.public_key)
    return _Held(key, published.not_before, published.not_after)
