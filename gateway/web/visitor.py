"""Who is signed in, as the pages know it; the truth about the session is identity's, asked at every call."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.web.cookies import Jar
from gateway.web.sealing import Seal, SealBroken
from services.runtime.access import permissions_of

COOKIE = "__Host-session"
_PURPOSE = "session"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Visitor:
    """A person with a session; what is said here decides which links are shown, and nothing else."""

    handle: str
    """The session's handle: what the edge takes. It leaves this process sealed only."""
    tag: str
    """Names the session; opens nothing."""
    person_id: str
    name: str
    organisation_id: str
    organisation_name: str
    authority: str
    """The ONS code of the own authority; "" for one without an area."""
    roles: tuple[str, ...]
    """Such as "ROLE_PRACTITIONER"."""
    signed_in_at: datetime
    expires_at: datetime
    idle_seconds: int
    used_at: datetime
    """When a call was last answered: idleness counts from here."""
    policy_due: bool
    policy_version: int
    """The version that must be acknowledged."""

    def __repr__(self) -> str:
        """Return a text without the handle and the person."""
        return "Visitor()"

    def may(self, permission: str) -> bool:
        """Return whether one of the roles grants a permission."""
        return any(permission in permissions_of(role) for role in self.roles)

    def idle_in_seconds(self, now: datetime) -> int:
        """Return after how many seconds the session ends if nothing is done, never less than zero."""
        ends_at = min(self.used_at + timedelta(seconds=self.idle_seconds), self.expires_at)
        return max(0, int((ends_at - now).total_seconds()))


def keep(visitor: Visitor, jar: Jar, seal: Seal) -> None:
    """Let the browser hold who is signed in."""
    values = {
        name: int(value.timestamp()) if isinstance(value, datetime) else value
        for name, value in dataclasses.asdict(visitor).items()
    }
    content = json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()
    jar.put(COOKIE, seal.seal(_PURPOSE, content, name=COOKIE))


def of(jar: Jar, seal: Seal, *, now: datetime) -> Visitor | None:
    """Return who is signed in, as the browser holds it; None without a session, or after its end."""
    text = jar.get(COOKIE)
    if text is None:
        return None
    try:
        values: dict[str, Any] = json.loads(seal.open(_PURPOSE, text, name=COOKIE))
        for name in ("signed_in_at", "expires_at", "used_at"):
            values[name] = datetime.fromtimestamp(values[name], UTC)
        found = Visitor(**{**values, "roles": tuple(values["roles"])})
    except (SealBroken, TypeError, KeyError, ValueError):
        # Of another key, or of a release whose visitors had other fields: the person signs in again.
        return None
    return found if now < found.expires_at else None
