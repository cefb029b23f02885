"""Lists one's own sessions, and ends one, some or all of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from contactpoint.identity.v1 import identity_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked

_TEMPLATE = "list_sessions/sessions.html"


@dataclass(frozen=True)
class _Session:
    """One session, as the page shows it."""

    tag: str
    started_at: datetime
    last_used_at: datetime
    is_this: bool


def draw(asked: Asked) -> Response:
    """Show where the visitor is signed in."""
    return _shown(asked)


def submit(asked: Asked) -> Response:
    """End the sessions that were ticked, or all, this one too."""
    tags = asked.form.every("tag")
    ends_all = asked.form.one("all") == "yes"
    if not tags and not ends_all:
        return _shown(asked, errors={"tag": "Tick the sessions that should end"})
    asked.edge.sessions.EndSessions(
        pb.EndSessionsRequest(idempotency_key=asked.act, session_tags=[] if ends_all else tags, all=ends_all)
    )
    if not ends_all and asked.visitor.tag not in tags:
        return asked.go("/sessions")
    return asked.signed_out("/signed-out")


def _shown(asked: Asked, *, errors: dict[str, str] | None = None) -> Response:
    answer = asked.edge.sessions.ListSessions(pb.ListSessionsRequest())
    sessions = [
        _Session(row.session_tag, row.started_at.ToDatetime(UTC), row.last_used_at.ToDatetime(UTC), row.is_this)
        for row in answer.sessions
    ]
    return asked.show(_TEMPLATE, status=400 if errors else 200, errors=errors, sessions=sessions)
