"""How many calls came in this minute: a courtesy to others, kept in Redis, whose loss changes no decision for the worse."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis

from services.runtime.errors import Busy

log = logging.getLogger(__name__)

_WINDOW_SECONDS = 60
_ANSWERS_WITHIN_SECONDS = 0.05
_AFTER_A_FAILURE_SECONDS = 1.0


@dataclass(kw_only=True)
class RateWindows:
    """Counts calls by session, or by channel where there is no session.

    The ceilings that protect children are the ledger's; so a Redis that is lost, full or flushed only stops the courtesy.
    """

    client: redis.Redis
    calls_a_minute: int
    monotonic: Callable[[], float] = time.monotonic
    _left_alone_until: float = 0.0

    def count(self, key: str) -> None:
        """Count one call of `key`; raises Busy above the minute's number."""
        now = self.monotonic()
        if now < self._left_alone_until:
            return
        window = int(time.time()) // _WINDOW_SECONDS
        name = f"calls:{window}:{key}"
        try:
            counted, _ = self.client.pipeline(transaction=False).incr(name).expire(name, 2 * _WINDOW_SECONDS).execute()
        except redis.RedisError:
            # A slow Redis must not make every call slow: it is asked again in a second.
            self._left_alone_until = now + _AFTER_A_FAILURE_SECONDS
            log.warning("rate_windows_unavailable")
            return
        if int(counted) > self.calls_a_minute:
            raise Busy(retry_after_seconds=_WINDOW_SECONDS - time.time() % _WINDOW_SECONDS)


def connect(url: str, calls_a_minute: int) -> RateWindows:
    """Return rate windows in the Redis at `url`, such as "unix:///run/valkey.sock"."""
    client = redis.Redis.from_url(
        url, socket_timeout=_ANSWERS_WITHIN_SECONDS, socket_connect_timeout=_ANSWERS_WITHIN_SECONDS
    )
    return RateWindows(client=client, calls_a_minute=calls_a_minute)
