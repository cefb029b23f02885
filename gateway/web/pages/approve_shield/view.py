"""A second officer approves what a first one, or a protection practitioner, has hidden."""

from __future__ import annotations

from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked

_KIND = "approve-shield"


def begin(asked: Asked) -> Response:
    """Take the case from the list, and go on to the question."""
    words = {name: asked.form.one(name) for name in ("case", "state", "words")}
    key = asked.kept.put(_KIND, words)
    return asked.go(f"/approve-shield?page={key}")


def page(asked: Asked) -> Response:
    """Return the question; raises KeptGone."""
    key = asked.query("page")
    kept = asked.kept.get(_KIND, key)
    is_request = kept["state"] == "request"
    return asked.show(
        "approve_shield/approve_shield.html",
        heading="Hide this child?" if is_request else "Approve this shield?",
        key=key,
        words=kept["words"],
        is_request=is_request,
    )


def answer(asked: Asked) -> Response:
    """Approve, and go on to say so; raises KeptGone, ServiceError."""
    key = asked.form.one("page")
    kept = asked.kept.get(_KIND, key)
    asked.edge.shielding.ApproveShield(pb.ApproveShieldRequest(idempotency_key=asked.act, case_id=kept["case"]))
    asked.kept.drop(key)
    return asked.go("/approve-shield/done")


def done_page(asked: Asked) -> Response:
    """Return: two people have approved it."""
    return asked.show("approve_shield/done.html")
