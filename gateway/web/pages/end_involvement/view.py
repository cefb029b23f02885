"""Ending an own involvement: asked once, then done."""

from __future__ import annotations

from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_children.chosen import Chosen
from gateway.web.pages.about_children.refusals import next_act, to_send_again
from gateway.web.pages.about_children.submitted import Faults
from gateway.web.pages.open_record import own_act
from gateway.web.pages.open_record.view import expired
from services.runtime.errors import NotFound, ServiceError

KIND = "end"
"""What this page keeps: the child, the involvement, and how the record was opened."""


def choose(asked: Asked) -> Response:
    """Take the involvement of a record, and go on to ask."""
    return asked.go(f"/involvement/end?page={asked.kept.put(KIND, own_act.kept_for(asked))}")


def ask(asked: Asked) -> Response:
    """Ask whether it has ended."""
    return _asking(asked, asked.query("page"), {}, act="")


def end(asked: Asked) -> Response:
    """End it, and go back to the record."""
    key = asked.form.one("page")
    kept = asked.kept.get(KIND, key)
    try:
        answer = asked.edge.directory.EndInvolvement(
            pb.EndInvolvementRequest(
                idempotency_key=asked.act, handle=Chosen.kept(kept).handle, involvement_id=kept["involvement"]
            )
        )
    except NotFound:
        return expired(asked)
    except ServiceError as refused:
        if wrong := to_send_again(refused):
            return _asking(asked, key, wrong, act=next_act(refused, asked.act))
        raise
    return own_act.back_to_record(asked, kept, answer.handle, said="ended")


def _asking(asked: Asked, key: str, wrong: Faults, *, act: str) -> Response:
    kept = asked.kept.get(KIND, key)
    return asked.show(
        "end_involvement/end.html",
        heading="Has this involvement ended?",
        status=503 if wrong else 200,
        errors=wrong,
        shows_child=True,
        is_look=False,
        key=key,
        chosen=Chosen.kept(kept),
        organisation=kept["organisation"],
        back=kept["back"],
        act=act,
    )
