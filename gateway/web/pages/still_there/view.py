"""Asks whether somebody is still there, and makes one call for who is."""

from __future__ import annotations

from contactpoint.identity.v1 import identity_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked


def draw(asked: Asked) -> Response:
    """Ask; this makes no call, so it keeps nothing alive and ends nothing."""
    found = asked.visitor_or_none
    minutes = found.idle_in_seconds(asked.now) // 60 if found else 0
    return asked.show("still_there/still_there.html", minutes=minutes, is_over=minutes == 0)


def submit(asked: Asked) -> Response:
    """Keep the session: an authorised call is what counts as use."""
    asked.edge.sessions.ListSessions(pb.ListSessionsRequest())
    if asked.form.one("quiet") == "yes":
        # The script of the page that is open asked: it stays where it is.
        seconds = asked.visitor.idle_in_seconds(asked.now)
        return Response(status_code=204, headers={"X-Idle-Seconds": str(seconds)})
    return asked.go("/")
