"""Hide where a child is at once, until an officer decides."""

from __future__ import annotations

from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_shields.ask import Question


def _impose(asked: Asked, handle: bytes, ground: pb.Ground.ValueType) -> None:
    asked.edge.shielding.ImposeInterimShield(
        pb.ImposeInterimShieldRequest(idempotency_key=asked.act, handle=handle, ground=ground)
    )


QUESTION = Question(
    path="/interim-shield",
    kind="interim-shield",
    template="impose_interim_shield/impose_interim_shield.html",
    act=_impose,
)


def done_page(asked: Asked) -> Response:
    """Return what is hidden now, and what happens next."""
    return asked.show("impose_interim_shield/done.html")
