"""An officer hides where a child is; a second officer approves."""

from __future__ import annotations

from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_shields.ask import Question


def _propose(asked: Asked, handle: bytes, ground: pb.Ground.ValueType) -> None:
    asked.edge.shielding.ProposeShield(pb.ProposeShieldRequest(idempotency_key=asked.act, handle=handle, ground=ground))


QUESTION = Question(
    path="/propose-shield", kind="propose-shield", template="propose_shield/propose_shield.html", act=_propose
)


def done_page(asked: Asked) -> Response:
    """Return what is hidden now, and what happens next."""
    return asked.show("propose_shield/done.html")
