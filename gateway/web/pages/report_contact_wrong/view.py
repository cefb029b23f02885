"""A number did not work: it is reported, and the record says whom to telephone instead."""

from __future__ import annotations

from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.open_record import own_act


def report(asked: Asked) -> Response:
    """Report the contact of one involvement, school or practice, and go back to the record."""
    return own_act.done(
        asked,
        lambda chosen, involvement_id, act: (
            asked.edge.directory.ReportContactWrong(
                pb.ReportContactWrongRequest(idempotency_key=act, handle=chosen.handle, involvement_id=involvement_id)
            ).handle
        ),
        said="reported",
    )
