"""How long the call being served may still take; every onward call gets a little less."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from services.runtime.errors import DeadlineTooShort

LONGEST_SECONDS = 5.0
_SHAVED_SHARE = 0.1
_SHAVED_AT_LEAST_SECONDS = 0.02


@dataclass(frozen=True)
class Deadline:
    """The instant, on the monotonic clock, by which a call must have been answered."""

    ends_at_seconds: float

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline that ends `seconds` from now."""
        return cls(time.monotonic() + seconds)

    def remaining_seconds(self) -> float:
        """Return the seconds left, never less than zero."""
        return max(0.0, self.ends_at_seconds - time.monotonic())

    def for_onward_call_seconds(self) -> float:
        """Return what an onward call may take: a tenth less, at least 20 ms less, so that we can still answer after it.

        Raises DeadlineTooShort when nothing is left.
        """
        remaining = self.remaining_seconds()
        shaved = remaining - max(remaining * _SHAVED_SHARE, _SHAVED_AT_LEAST_SECONDS)
        if shaved <= 0:
            raise DeadlineTooShort
        return shaved

    def check(self) -> None:
        """Raise DeadlineTooShort once the time is over."""
        if self.remaining_seconds() <= 0:
            raise DeadlineTooShort


_current: ContextVar[Deadline] = ContextVar("deadline")


def current() -> Deadline:
    """Return the deadline of the call being served; outside a call, one of five seconds from now."""
    found = _current.get(None)
    return Deadline.after(LONGEST_SECONDS) if found is None else found


def begin(deadline: Deadline) -> None:
    """Make `deadline` the one of the call being served; only the limits interceptor does this."""
    _current.set(deadline)


@contextmanager
def within(seconds: float) -> Iterator[Deadline]:
    """Run a piece of periodic work under a deadline of its own."""
    deadline = Deadline.after(seconds)
    token = _current.set(deadline)
    try:
        yield deadline
    finally:
        _current.reset(token)
