"""Draws the sign-in page, and signs somebody in."""

from __future__ import annotations

from datetime import UTC

from contactpoint.access.v1 import access_pb2
from contactpoint.identity.v1 import identity_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.sign_in.form import SignInForm, read
from gateway.web.refusals import PAGES
from gateway.web.visitor import Visitor
from services.runtime.errors import ServiceError

_TEMPLATE = "sign_in/sign_in.html"
_REFUSED = ("SIGN_IN_REFUSED", "NOT_AUTHENTICATED", "INVALID_REQUEST")
_LAPSED = "CONDITION_LAPSED"


def draw(asked: Asked) -> Response:
    """Show the form; to somebody who is signed in, the start page."""
    if asked.visitor_or_none is not None:
        return asked.go("/")
    return asked.show(_TEMPLATE, username="", has_ended=asked.query("why") == "ended")


def submit(asked: Asked) -> Response:
    """Sign in, then go on to the start page."""
    form, errors = read(asked.form)
    if errors:
        return asked.show(_TEMPLATE, status=400, errors=errors, username=form.username)
    asked.forget_visitor()
    request = pb.SignInRequest(username=form.username, password=form.password, code=form.code)
    try:
        answer = asked.edge.sign_in.SignIn(request)
    except ServiceError as refused:
        return _refused(asked, form, refused)
    asked.sign_in_as(_visitor_of(asked, answer))
    if not asked.typed.read():
        # Somebody else's, or too old: nobody can read it any more.
        asked.forget_typed()
    return asked.go("/")


def _refused(asked: Asked, form: SignInForm, refused: ServiceError) -> Response:
    if refused.reason in _REFUSED:
        # Which of the three was wrong is known to nobody here.
        errors = {"username": "The user name, the password or the six digits are not right"}
        return asked.show(_TEMPLATE, status=401, errors=errors, username=form.username, was_refused=True)
    if refused.reason.startswith(_LAPSED):
        return asked.show(
            "sign_in/lapsed.html",
            status=403,
            refusal=PAGES.get(refused.reason, PAGES[_LAPSED]),
            heading=PAGES.get(refused.reason, PAGES[_LAPSED]).heading,
        )
    raise refused


def _visitor_of(asked: Asked, answer: pb.SignInResponse) -> Visitor:
    return Visitor(
        handle=answer.session,
        tag=answer.session_tag,
        person_id=answer.person_id,
        name=answer.name,
        organisation_id=answer.organisation_id,
        organisation_name=answer.organisation_name,
        authority=answer.authority,
        roles=tuple(access_pb2.Role.Name(role) for role in answer.roles),
        signed_in_at=asked.now,
        expires_at=answer.expires_at.ToDatetime(UTC),
        idle_seconds=answer.idle_seconds,
        used_at=asked.now,
        policy_due=answer.policy_due,
        policy_version=answer.policy_version,
    )
