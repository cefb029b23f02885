"""The home: a further press, a reason of its own, and then the address and the carers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_children import dates, reasons, words
from gateway.web.pages.about_children.chosen import FIELD, Chosen, unpacked
from gateway.web.pages.about_children.reasons import ReasonForm
from gateway.web.pages.about_children.telephones import Telephone
from gateway.web.pages.open_record.view import expired
from services.runtime.errors import NotFound

CHOSEN = "home-chosen"
"""What the page that asks for a reason keeps: the child, and the key of the record's page."""
KIND = "home"
"""What the page of a home keeps: the same, and the reason."""


def choose(asked: Asked) -> Response:
    """Take the child of a record, and go on to the reason."""
    chosen = unpacked(asked.form.one(FIELD))
    return asked.go(
        f"/home-address/reason?page={asked.kept.put(CHOSEN, {**chosen.values, 'record': asked.form.one('page')})}"
    )


def ask_reason(asked: Asked) -> Response:
    """Draw the form that asks why."""
    return _asking(asked, asked.query("page"), ReasonForm(), {})


def give_reason(asked: Asked) -> Response:
    """Take the reason, and go on to the home."""
    key = asked.form.one("page")
    reason, wrong = reasons.read(asked.form)
    if wrong:
        return _asking(asked, key, reason, wrong)
    kept = asked.kept.get(CHOSEN, key)
    return asked.go(f"/home-address?page={asked.kept.put(KIND, {**kept, 'code': reason.code, 'text': reason.text})}")


def show(asked: Asked) -> Response:
    """Open the home, and draw it; each time it is drawn is a look, and is on the log."""
    kept = asked.kept.get(KIND, asked.query("page"))
    reason = ReasonForm(code=kept["code"], text=kept["text"])
    chosen = Chosen.kept(kept)
    try:
        home = asked.edge.directory.OpenHome(pb.OpenHomeRequest(handle=chosen.handle, reason=reason.message))
    except NotFound:
        return expired(asked)
    return asked.show(
        "open_home/home.html",
        heading="Home address and carers",
        shows_child=True,
        chosen=chosen,
        record=_record(kept),
        is_limited=home.is_limited,
        reason=reason.words,
        address_state=words.address_state(home.address.state) if home.HasField("address") else "",
        lines=[line for line in (*home.address.lines, home.address.postcode) if line],
        carers=[(one.name, Telephone.of(one.telephone), one.email) for one in home.carers],
        opened_at=dates.time_of(asked.now),
    )


def _asking(asked: Asked, key: str, reason: ReasonForm, wrong: Mapping[str, str]) -> Response:
    kept = asked.kept.get(CHOSEN, key)
    return asked.show(
        "open_home/reason.html",
        heading="Why do you need the home address?",
        status=400 if wrong else 200,
        errors=wrong,
        shows_child=True,
        is_look=False,
        key=key,
        chosen=Chosen.kept(kept),
        record=_record(kept),
        reason=reason,
        codes=reasons.CODES,
    )


def _record(kept: Mapping[str, Any]) -> str:
    return str(kept.get("record", ""))
