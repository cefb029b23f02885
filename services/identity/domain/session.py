"""A session: two factors, one channel, fifteen minutes idle, twelve hours at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class SessionLimits:
    """How long a session and a token live."""

    idle: timedelta
    longest: timedelta
    token_seconds: int


@dataclass(frozen=True, kw_only=True)
class SessionFactor:
    """One thing a session rests on."""

    method: str
    assurance_level: int
    """NIST SP 800-63B level that the factor counts for."""
    proved_at: datetime
    vouched_by: str


@dataclass(frozen=True, kw_only=True)
class Session:
    """One session as it is stored; its handle is stored as a hash only."""

    tag: str
    handle_digest: bytes
    person: str
    organisation: str
    channel: str
    """Thumbprint of the outside channel's certificate."""
    started_at: datetime
    expires_at: datetime
    last_used_at: datetime
    factors: tuple[SessionFactor, ...] = ()
    channel_name: str = ""
    """Digest of whom that certificate names, once it is known: what outlives the certificate's renewal."""

    def came_by(self, channel: str, channel_name: str) -> bool:
        """Whether a call comes by the session's own channel: the same certificate, or one that names the same."""
        return self.channel == channel or bool(channel_name and self.channel_name == channel_name)

    def is_live_at(self, now: datetime, limits: SessionLimits) -> bool:
        """Whether neither the end nor too long a pause has come; a clock that went back ends it too."""
        return (
            self.started_at <= now + timedelta(seconds=5)
            and now < min(self.expires_at, self.started_at + limits.longest)
            and now - self.last_used_at < limits.idle
        )
