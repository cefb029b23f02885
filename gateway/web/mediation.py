"""For whom a mediator looks now, as the pages know it; the truth is identity's, in every entry."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.web.cookies import Jar
from gateway.web.sealing import Seal, SealBroken

COOKIE = "__Host-mediation"
_PURPOSE = "mediation"


@dataclass(frozen=True, kw_only=True)
class Mediation:
    """The colleague who was called back."""

    colleague: str
    organisation: str
    until: datetime

    def __repr__(self) -> str:
        """Return a text without the person."""
        return "Mediation()"


def keep(found: Mediation, jar: Jar, seal: Seal, *, session_tag: str) -> None:
    """Let the browser hold for whom this session looks, so that every page says so."""
    content = json.dumps([found.colleague, found.organisation, int(found.until.timestamp())], ensure_ascii=False)
    jar.put(COOKIE, seal.seal(_PURPOSE, content.encode(), name=COOKIE, bound_to=session_tag))


def of(jar: Jar, seal: Seal, *, session_tag: str, now: datetime) -> Mediation | None:
    """Return for whom this session looks; None for nobody, after its end, and for another session's."""
    text = jar.get(COOKIE)
    if text is None:
        return None
    try:
        colleague, organisation, until = json.loads(seal.open(_PURPOSE, text, name=COOKIE, bound_to=session_tag))
    except (SealBroken, ValueError):
        return None
    found = Mediation(colleague=colleague, organisation=organisation, until=datetime.fromtimestamp(until, UTC))
    return found if now < found.until else None


def forget(jar: Jar) -> None:
    """Let the browser forget it."""
    jar.drop(COOKIE)
