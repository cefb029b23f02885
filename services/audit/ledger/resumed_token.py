"""Reads the token of a call that a crash stopped: everything about it is proved but that its time is now."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from services.runtime import tokens
from services.runtime.clock import Clock
from services.runtime.errors import NotAuthenticated
from services.runtime.tokens import Act, VerificationKeys


@dataclass(frozen=True)
class _Then:
    """A clock that stands at a token's own beginning."""

    at: float

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.at, tz=UTC)

    def monotonic(self) -> float:
        return 0.0


@dataclass(frozen=True, kw_only=True)
class ResumedTokens:
    """Verifies tokens whose time is over."""

    keys: VerificationKeys
    environment: str
    clock: Clock

    def __call__(self, text: str, audience: str) -> Act:
        """Return what the token says; raises NotAuthenticated for whatever is wrong, or if its time is yet to come."""
        issued = _issued_at(text)
        if issued > self.clock.now().timestamp() + tokens.CLOCK_SLACK_SECONDS:
            raise NotAuthenticated
        return tokens.verify(text, self.keys, environment=self.environment, audience=audience, clock=_Then(issued))


def _issued_at(text: str) -> int:
    """Return when a token says it was issued, before anything of it is believed."""
    try:
        segment = text.split(".")[1]
        issued = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))["iat"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        raise NotAuthenticated from None
    if type(issued) is not int or not 0 < issued < 1 << 40:
        raise NotAuthenticated
    return issued
