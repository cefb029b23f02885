"""A record: why somebody looks, and then whom to telephone now and who works with the child."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_children import child_numbers, dates, names, reasons, words
from gateway.web.pages.about_children.call_now import call_now
from gateway.web.pages.about_children.chosen import FIELD, Chosen, unpacked
from gateway.web.pages.about_children.office_hours import IN_WORDS, moment
from gateway.web.pages.about_children.reasons import ReasonForm
from gateway.web.pages.about_children.refusals import violations
from gateway.web.pages.about_children.telephones import Telephone
from gateway.web.pages.open_record import drawn
from gateway.web.pages.open_record_by_number import view as by_number
from services.runtime.errors import NotFound, ServiceError

CHOSEN = "chosen"
"""What the page that asks for a reason keeps: the child."""
SAID = {
    "reported": "You reported that the number did not work. The record says so until its owner mends it.",
    "confirmed": "You confirmed the involvement. The date is today.",
    "ended": "You ended the involvement. It is not shown any more.",
    "marked": "Your change is recorded.",
}
"""What the record says of what has just been done."""
KIND = "record"
"""What the page of a record keeps: the child, or what was typed beside its number, and the reason."""


def choose(asked: Asked) -> Response:
    """Take the child of a row, and go on to the reason."""
    kept = {**unpacked(asked.form.one(FIELD)).values, "results": asked.form.one("results")}
    return asked.go(f"/record/reason?page={asked.kept.put(CHOSEN, kept)}")


def ask_reason(asked: Asked) -> Response:
    """Draw the form that asks why."""
    return _asking(asked, asked.query("page"), ReasonForm(), {})


def give_reason(asked: Asked) -> Response:
    """Take the reason, and go on to the record."""
    key = asked.form.one("page")
    reason, wrong = reasons.read(asked.form)
    if wrong:
        return _asking(asked, key, reason, wrong)
    return asked.go(f"/record?page={keep(asked, Chosen.kept(_chosen(asked, key)), reason, like=_chosen(asked, key))}")


def keep(asked: Asked, chosen: Chosen, reason: ReasonForm, *, like: Mapping[str, Any], said: str = "") -> str:
    """Keep what the page of a record needs, and return the page's key; `said` is what has just been done."""
    return asked.kept.put(
        KIND,
        {
            **chosen.values,
            "code": reason.code,
            "text": reason.text,
            "results": like.get("results", ""),
            "said": said,
        },
    )


def show(asked: Asked) -> Response:
    """Open the record, and draw it; each time it is drawn is a look, and is on the log."""
    key = asked.query("page")
    kept = asked.kept.get(KIND, key)
    reason = ReasonForm(code=kept["code"], text=kept["text"])
    request = pb.OpenRecordRequest(reason=reason.message)
    if "number" in kept:
        request.number.CopyFrom(by_number.claim_of(kept))
    else:
        request.handle = Chosen.kept(kept).handle
    try:
        record = asked.edge.directory.OpenRecord(request)
    except ServiceError as refused:
        if "number" in kept and (violations(refused) or isinstance(refused, NotFound)):
            return by_number.refused(asked, kept, refused)
        if isinstance(refused, NotFound):
            return expired(asked)
        raise
    return _shown(asked, key, kept, record, reason)


def expired(asked: Asked) -> Response:
    """Say that a handle is not good any more, and go on to the search as it was typed."""
    return asked.show("about_children/expired.html", heading="Search again to go on", status=410)


def _chosen(asked: Asked, key: str) -> dict[str, Any]:
    return asked.kept.get(CHOSEN, key)


def _asking(asked: Asked, key: str, reason: ReasonForm, wrong: Mapping[str, str]) -> Response:
    chosen = Chosen.kept(_chosen(asked, key))
    return asked.show(
        "open_record/reason.html",
        heading="Why do you need to open this record?",
        status=400 if wrong else 200,
        errors=wrong,
        shows_child=True,
        is_look=False,
        key=key,
        chosen=chosen,
        reason=reason,
        codes=reasons.CODES,
    )


def _shown(
    asked: Asked, key: str, kept: Mapping[str, Any], record: pb.OpenRecordResponse, reason: ReasonForm
) -> Response:
    at = moment(asked.now)
    chosen = Chosen.of(record.handle, record.name, record.date_of_birth)
    call = None if record.is_limited else call_now(record, at)
    lines = [drawn.line(one, is_day=at.is_day) for one in record.involvements]
    return asked.show(
        "open_record/limited.html" if record.is_limited else "open_record/record.html",
        heading="Limited record" if record.is_limited else "Who works with this child",
        shows_child=True,
        key=key,
        said=SAID.get(kept.get("said", ""), ""),
        results=kept.get("results", ""),
        reason=reason.words,
        chosen=chosen,
        gender=words.gender(record.gender),
        number=child_numbers.written(record.number),
        call=call,
        call_telephone=Telephone.of(call.telephone) if call else None,
        at=at,
        office_hours=IN_WORDS,
        own_team=Telephone.of(asked.team.day if at.is_day else asked.team.night),
        lines=lines,
        school=drawn.school(record.education, is_day=at.is_day),
        education_state=words.education_state(record.education.state),
        practice=drawn.practice(record.gp_practice, is_day=at.is_day),
        former_names=[names.written(one) for one in record.former_names],
        may_open_home=asked.visitor.may("home.open"),
        may_write=asked.visitor.may("involvement.write"),
        caf=words.CAF,
        opened_at=dates.time_of(asked.now),
    )
