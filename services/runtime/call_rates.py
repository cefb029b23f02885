"""How many calls of one method are taken in a second, by one caller and in all: decided before a call is read."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

# A flood that comes in pulses gets in what is saved each time, all at once: little is.
_SAVED_SECONDS = 1.0
_MOST_CALLERS = 1024


@dataclass(frozen=True, kw_only=True)
class CallRate:
    """Calls of one method in a second."""

    in_all: float
    of_one_caller: float
    """Less than in all: who sends too many leaves something to everybody else."""


class CallRates:
    """Takes calls at a rate; who has sent few may send a second's worth at once."""

    def __init__(self, rate: CallRate, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._of_one_caller = rate.of_one_caller
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._all = _Bucket(rate.in_all, monotonic())
        # Callers are named by certificates, so they are few; whoever was away longest is forgotten, and starts afresh.
        self._callers: OrderedDict[bytes, _Bucket] = OrderedDict()

    def takes(self, caller: bytes) -> bool:
        """Whether one more call of `caller` is taken now; only one that is taken counts."""
        now = self._monotonic()
        with self._lock:
            own = self._callers.get(caller)
            if own is None:
                own = self._callers[caller] = _Bucket(self._of_one_caller, now)
                if len(self._callers) > _MOST_CALLERS:
                    self._callers.popitem(last=False)
            else:
                self._callers.move_to_end(caller)
            if not (own.has_one(now) and self._all.has_one(now)):
                return False
            own.left -= 1
            self._all.left -= 1
            return True


class _Bucket:
    """What is left of a rate."""

    def __init__(self, a_second: float, now: float) -> None:
        self._a_second = a_second
        self._most = max(1.0, a_second * _SAVED_SECONDS)
        self._seen_at = now
        self.left = self._most

    def has_one(self, now: float) -> bool:
        self.left = min(self._most, self.left + (now - self._seen_at) * self._a_second)
        self._seen_at = now
        return self.left >= 1
