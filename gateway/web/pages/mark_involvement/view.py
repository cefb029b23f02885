"""The indicators of an own involvement: lead professional, Common Assessment."""

from __future__ import annotations

from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_children import words
from gateway.web.pages.about_children.chosen import Chosen
from gateway.web.pages.about_children.refusals import next_act, to_send_again
from gateway.web.pages.about_children.submitted import Faults
from gateway.web.pages.open_record import own_act
from gateway.web.pages.open_record.view import expired
from services.runtime.errors import NotFound, ServiceError

KIND = "mark"
"""What this page keeps: the child, the involvement with its indicators, and how the record was opened."""


def choose(asked: Asked) -> Response:
    """Take the involvement of a record, and go on to its indicators."""
    return asked.go(f"/involvement/marks?page={asked.kept.put(KIND, own_act.kept_for(asked))}")


def ask(asked: Asked) -> Response:
    """Draw both indicators as they are."""
    kept = asked.kept.get(KIND, asked.query("page"))
    return _asking(asked, asked.query("page"), kept["marks"].split(), {}, act="")


def mark(asked: Asked) -> Response:
    """Set both indicators, and go back to the record."""
    key = asked.form.one("page")
    kept, marks = asked.kept.get(KIND, key), asked.form.every("marks")
    try:
        answer = asked.edge.directory.MarkInvolvement(
            pb.MarkInvolvementRequest(
                idempotency_key=asked.act,
                handle=Chosen.kept(kept).handle,
                involvement_id=kept["involvement"],
                is_lead_professional="lead" in marks,
                has_common_assessment="caf" in marks,
            )
        )
    except NotFound:
        return expired(asked)
    except ServiceError as refused:
        if wrong := to_send_again(refused):
            return _asking(asked, key, marks, wrong, act=next_act(refused, asked.act))
        raise
    return own_act.back_to_record(asked, kept, answer.handle, said="marked")


def _asking(asked: Asked, key: str, marks: list[str], wrong: Faults, *, act: str) -> Response:
    kept = asked.kept.get(KIND, key)
    return asked.show(
        "mark_involvement/marks.html",
        heading="Lead professional and assessment",
        status=503 if wrong else 200,
        errors=wrong,
        shows_child=True,
        is_look=False,
        key=key,
        chosen=Chosen.kept(kept),
        organisation=kept["organisation"],
        back=kept["back"],
        marks=marks,
        caf=words.CAF,
        act=act,
    )
