"""Set up an account: link and code, then a password and an authenticator, then sign in."""

from __future__ import annotations

from contactpoint.identity.v1 import identity_service_pb2 as identity
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.enrol import form, picture
from gateway.web.pages.enrol.form import Chosen, Reached
from services.runtime.errors import ServiceError

_HEADING = "Set up your account"
_DOES_NOT_OPEN = (
    "This link and this code do not open an account. Check the code. They hold for 3 days and 5 tries: "
    "after that ask your manager for new ones"
)
# What the service may refuse of what was chosen, by the field that it belongs to.
_REFUSALS = {
    "WEAK_PASSWORD": (
        "password",
        "This password is easy to guess. Choose a longer one, such as four words that do not belong together",
    ),
    "CODE_REFUSED": (
        "totp-code",
        "These 6 numbers are not right. Wait until your app shows new ones. If those fail, check your phone’s clock",
    ),
}


def begin_page(asked: Asked) -> Response:
    """Return the form for link and code; the link's token stands behind `#`, so only the browser knows it yet."""
    return asked.show("enrol/begin.html", heading=_HEADING, said=Reached())


def begin(asked: Asked) -> Response:
    """Return the page to set up password and authenticator, or the form again with what is wrong.

    It is drawn in the answer itself: neither the link nor the secret is ever kept, in an address or in a cookie.
    """
    said, faults = form.read_reached(asked.form)
    return _again(asked, said, faults) if faults else _set_up_page(asked, said, {})


def complete(asked: Asked) -> Response:
    """Bind both factors and go on to say so, or return the page again with what is wrong."""
    said, faults = form.read_reached(asked.form)
    if faults:
        return _again(asked, said, faults)
    chosen, faults = form.read_chosen(asked.form)
    if not faults:
        refused = _complete(asked, said, chosen)
        if refused is None:
            return asked.go("/enrol/done")
        if refused not in _REFUSALS:
            return _again(asked, said, {"code": _DOES_NOT_OPEN})
        field, sentence = _REFUSALS[refused]
        faults = {field: sentence}
    return _set_up_page(asked, said, faults)


def done_page(asked: Asked) -> Response:
    """Return: the account is ready."""
    return asked.show("enrol/done.html")


def _complete(asked: Asked, said: Reached, chosen: Chosen) -> str | None:
    """Return why it was refused, in the contracts' word, None when it was not; raises ServiceError for all else."""
    request = identity.CompleteEnrolmentRequest(
        link_token=said.link, code=said.code, password=chosen.password, totp_code=chosen.totp_code
    )
    try:
        asked.edge.sign_in.CompleteEnrolment(request)
    except ServiceError as refused:
        if refused.reason not in {*_REFUSALS, "ENROLMENT_REFUSED"}:
            raise
        return refused.reason
    return None


def _set_up_page(asked: Asked, said: Reached, faults: dict[str, str]) -> Response:
    try:
        begun = asked.edge.sign_in.BeginEnrolment(identity.BeginEnrolmentRequest(link_token=said.link, code=said.code))
    except ServiceError as refused:
        if refused.reason != "ENROLMENT_REFUSED":
            raise
        return _again(asked, said, {"code": _DOES_NOT_OPEN})
    secret = begun.totp_secret
    return asked.show(
        "enrol/set_up.html",
        heading="Choose a password and add an authenticator",
        status=400 if faults else 200,
        errors=faults,
        said=said,
        username=begun.username,
        # Eight groups of four: what has to be typed by hand is read in groups.
        secret=" ".join(secret[at : at + 4] for at in range(0, len(secret), 4)),
        picture=picture.drawn(begun.totp_uri),
        holds_until=begun.expires_at.ToDatetime(),
    )


def _again(asked: Asked, said: Reached, faults: dict[str, str]) -> Response:
    return asked.show("enrol/begin.html", heading=_HEADING, status=400, errors=faults, said=said)
