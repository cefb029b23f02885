"""A custodian says that a stopped service goes on; a second one has to say the same within a day."""

from __future__ import annotations

from contactpoint.identity.v1 import identity_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked

_KIND = "resume-service"


def ask(asked: Asked) -> Response:
    """Return what it means."""
    return asked.show("resume_service/resume.html")


def resume(asked: Asked) -> Response:
    """Say so, and go on to how it stands then; raises ServiceError."""
    answer = asked.edge.administration.ResumeService(pb.ResumeServiceRequest(idempotency_key=asked.act))
    kept = {"index": answer.receipt.index, "is_stopped": answer.is_stopped}
    return asked.go(f"/resume-service/done?page={asked.kept.put(_KIND, kept)}")


def done(asked: Asked) -> Response:
    """Return how it stood after the press; raises KeptGone."""
    kept = asked.kept.get(_KIND, asked.query("page"))
    return asked.show(
        "resume_service/done.html",
        heading="One more custodian is needed" if kept["is_stopped"] else "ContactPoint goes on",
        index=f"{kept['index']:,}",
        is_stopped=kept["is_stopped"],
    )
