"""A person sees the own live sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.domain.session import Session, SessionLimits
from services.identity.ports import Sessions
from services.identity.use_cases.change_person import acting
from services.runtime.caller import Caller
from services.runtime.clock import Clock


@dataclass(frozen=True, kw_only=True)
class OwnSessions:
    """The live sessions of the person who asks, the newest first."""

    this: str
    sessions: Sequence[Session]


@dataclass(frozen=True, kw_only=True)
class ListSessions:
    """Tags name sessions and open nothing."""

    sessions: Sessions
    clock: Clock
    limits: SessionLimits

    def __call__(self, caller: Caller) -> OwnSessions:
        """Return the caller's live sessions."""
        act, now = acting(caller), self.clock.now()
        found = [one for one in self.sessions.live_of(act.sub or "") if one.is_live_at(now, self.limits)]
        return OwnSessions(this=act.sid or "", sessions=found)
