"""How many calls came in this minute: a courtesy to others, kept in Redis, whose loss decides nothing for the worse."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from services.runtime.errors import Busy

log = logging.getLogger(__name__)

_WINDOW_SECONDS = 60
_ANSWERS_WITHIN_SECONDS = 0.05
_AFTER_A_FAILURE_SECONDS = 1.0
_NAME_LETTERS = 32
# What the client raises for a Redis that is away, slow, full, or talks nonsense.
_FAILED = (redis.RedisError, OSError, ValueError, TypeError, IndexError, RecursionError, MemoryError)


@dataclass(kw_only=True)
class RateWindows:
    """Counts calls by session and by channel: a caller who makes sessions up still has one certificate.

    The ceilings that protect children are the ledger's, so a Redis that is lost, full or flushed only stops a courtesy.
    """

    client: redis.Redis
    calls_a_minute: int
    channel_calls_a_minute: int
    monotonic: Callable[[], float] = time.monotonic
    now_seconds: Callable[[], float] = time.time
    when_away: Callable[[], None] = lambda: None
    """Told of each call that was not counted."""
    _left_alone_until: float = 0.0

    def count(self, session: str, channel: str) -> None:
        """Count one call of a session ("": none) on a channel; raises Busy above the minute's number of either."""
        monotonic_now = self.monotonic()
        if monotonic_now < self._left_alone_until:
            self.when_away()
            return
        window, passed_seconds = divmod(self.now_seconds(), _WINDOW_SECONDS)
        most = {f"calls:{int(window)}:channel:{channel[:_NAME_LETTERS]}": self.channel_calls_a_minute}
        if session:
            # Not the handle itself: whoever reads Redis must not be able to call.
            name = hashlib.sha256(session.encode()).hexdigest()[:_NAME_LETTERS]
            most[f"calls:{int(window)}:session:{name}"] = self.calls_a_minute
        try:
            counted = self._incremented(list(most))
        except _FAILED as error:
            # A slow Redis must not make every call slow: it is asked again in a second.
            self._left_alone_until = monotonic_now + _AFTER_A_FAILURE_SECONDS
            log.warning("rate_windows_unavailable", extra={"error_type": type(error).__name__})
            self.when_away()
            return
        if any(count > most_calls for count, most_calls in zip(counted, most.values(), strict=True)):
            raise Busy(retry_after_seconds=_WINDOW_SECONDS - passed_seconds)

    def close(self) -> None:
        """Close all connections."""
        self.client.close()

    def _incremented(self, names: list[str]) -> list[int]:
        pipeline = self.client.pipeline(transaction=False)
        for name in names:
            pipeline.incr(name)
            pipeline.expire(name, 2 * _WINDOW_SECONDS)
        return [int(count) for count in pipeline.execute()[::2]]


def connect(
    url: str, *, calls_a_minute: int, channel_calls_a_minute: int, when_away: Callable[[], None] = lambda: None
) -> RateWindows:
    """Return rate windows in the Redis at `url`, such as "unix:///run/valkey.sock"; it is reached at the first call."""
    client = redis.Redis.from_url(
        url,
        socket_timeout=_ANSWERS_WITHIN_SECONDS,
        socket_connect_timeout=_ANSWERS_WITHIN_SECONDS,
        # Said outright: a client that tries again is one that every call waits for.
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        driver_info=None,
    )
    return RateWindows(
        client=client,
        calls_a_minute=calls_a_minute,
        channel_calls_a_minute=channel_calls_a_minute,
        when_away=when_away,
    )
