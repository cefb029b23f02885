"""Mediated look-up: for whom the next looks are, and their end."""

from __future__ import annotations

from datetime import UTC

from contactpoint.identity.v1 import identity_service_pb2 as pb
from starlette.responses import Response

from gateway.web import mediation
from gateway.web.asked import Asked
from gateway.web.mediation import Mediation
from gateway.web.pages.about_children.refusals import next_act, to_send_again, violations
from gateway.web.pages.about_children.submitted import Faults
from gateway.web.pages.begin_mediation import form
from gateway.web.pages.begin_mediation.form import MediationForm
from services.runtime.errors import ServiceError

_NOBODY = (
    "You cannot look for this colleague. Check the user name, letter by letter. If it is right, "
    "their user administrator can tell what is missing"
)


def ask(asked: Asked) -> Response:
    """Draw the form, and for whom the looks are now."""
    return _drawn(asked, MediationForm(), {}, act="")


def begin(asked: Asked) -> Response:
    """Say for whom, and go on to the search."""
    said, wrong = form.read(asked.form)
    if wrong:
        return _drawn(asked, said, wrong, act=asked.act)
    request = pb.BeginMediationRequest(
        idempotency_key=asked.act, colleague_username=said.username, called_back=said.was_called_back
    )
    try:
        answer = asked.edge.sessions.BeginMediation(request)
    except ServiceError as refused:
        return _refused(asked, said, refused)
    found = Mediation(
        colleague=answer.colleague_name,
        organisation=answer.organisation_name,
        until=answer.until.ToDatetime(UTC),
    )
    asked.typed.forget()
    mediation.keep(found, asked.jar, asked.site.seal, session_tag=asked.visitor.tag)
    return asked.go("/search")


def end(asked: Asked) -> Response:
    """End it, and forget the children that were looked at for this colleague."""
    try:
        asked.edge.sessions.EndMediation(pb.EndMediationRequest(idempotency_key=asked.act))
    except ServiceError as refused:
        # It was over already: the page only has to forget it.
        if refused.status not in ("FAILED_PRECONDITION", "NOT_FOUND"):
            raise
    mediation.forget(asked.jar)
    asked.kept.drop_all()
    asked.typed.forget()
    return asked.go("/mediation")


def _refused(asked: Asked, said: MediationForm, refused: ServiceError) -> Response:
    if violations(refused) or refused.reason == "COLLEAGUE_REFUSED":
        return _drawn(asked, said, {"colleague": _NOBODY}, act="")
    if wrong := to_send_again(refused):
        return _drawn(asked, said, wrong, act=next_act(refused, asked.act))
    raise refused


def _drawn(asked: Asked, said: MediationForm, wrong: Faults, *, act: str) -> Response:
    return asked.show(
        "begin_mediation/mediation.html",
        heading="Look something up for a colleague",
        status=400 if wrong else 200,
        errors=wrong,
        said=said,
        act=act,
    )
