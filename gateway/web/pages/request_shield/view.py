"""Ask the officers of the child's authority to hide where the child is."""

from __future__ import annotations

from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_shields.ask import Question


def _request(asked: Asked, handle: bytes, ground: pb.Ground.ValueType) -> None:
    asked.edge.shielding.RequestShield(pb.RequestShieldRequest(idempotency_key=asked.act, handle=handle, ground=ground))


QUESTION = Question(
    path="/request-shield", kind="request-shield", template="request_shield/request_shield.html", act=_request
)


def done_page(asked: Asked) -> Response:
    """Return what happens next."""
    return asked.show("request_shield/done.html")
