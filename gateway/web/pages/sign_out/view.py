"""Ends this session, and lets the browser forget everything."""

from __future__ import annotations

from contactpoint.identity.v1 import identity_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from services.runtime.errors import ServiceError

_ENDED = frozenset({"SESSION_ENDED", "NOT_AUTHENTICATED"})


def submit(asked: Asked) -> Response:
    """Sign out; where the service does not answer, say that the session still has to end, but show nothing any more."""
    has_ended = True
    try:
        asked.edge.sessions.SignOut(pb.SignOutRequest(idempotency_key=asked.act))
    except ServiceError as refused:
        # A suspended person has no session either; but a service that is silent has not ended one.
        has_ended = refused.reason in _ENDED or refused.status == "PERMISSION_DENIED"
    return asked.signed_out("/signed-out" if has_ended else "/signed-out?yet=no")


def draw(asked: Asked) -> Response:
    """Say that nobody is signed in here."""
    return asked.show("sign_out/signed_out.html", is_certain=asked.query("yet") != "no")
