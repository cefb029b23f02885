"""Who looked at one child: the auditor says which child and why, and reads what the log holds."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from contactpoint.audit.review.v1 import review_service_pb2 as review
from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_children import child_numbers, dates, reasons, refused_fields
from gateway.web.pages.about_children.submitted import Faults
from gateway.web.pages.about_entries import words
from gateway.web.pages.about_people import naming
from gateway.web.pages.who_looked_at import form
from gateway.web.pages.who_looked_at.form import IdentifyForm
from gateway.web.templating import handle_of, handle_text
from services.runtime.errors import InvalidRequest, ServiceError

_KIND = "who-looked"
_A_PAGE = 20
_NOBODY = (
    "No child has this number, name and date of birth together. Check all three: the name must be the whole current one"
)
_FIELDS = {
    "number": "number",
    "name.full.given_names": "given-names",
    "name": "surname",
    "date_of_birth": "date-of-birth-day",
    "reason.text": "reason-text",
    "reason": "reason",
}


@dataclass(frozen=True, kw_only=True)
class LookRow:
    """One look, as the list shows it."""

    at: datetime
    act: str
    person: str
    organisation: str
    role: str
    reason: str
    outcome: str
    beneficiary: str
    """The colleague for whom a mediator looked; "" where nobody mediated."""
    index: int
    leaf: str
    """The entry's leaf, in hexadecimal, as an outsider's tool prints it."""


def identify_page(asked: Asked) -> Response:
    """Return the form that names a child."""
    return _form(asked, IdentifyForm(), {})


def identify(asked: Asked) -> Response:
    """Go on to the list, or return the form with what is wrong; raises ServiceError."""
    said, born, faults = form.read(asked.form, today=asked.now.astimezone(dates.LONDON).date())
    if faults or born is None:
        return _form(asked, said, faults)
    request = pb.IdentifyChildRequest(
        number=said.number, name=said.name, date_of_birth=born, reason=said.reason.message
    )
    try:
        handle = asked.edge.directory.IdentifyChild(request).handle
    except InvalidRequest as refused:
        return _form(asked, said, refused_fields.faults(refused.field_violations, _FIELDS, otherwise="number"))
    except ServiceError as refused:
        if refused.reason != "NOT_FOUND":
            raise
        return _form(asked, said, {"number": _NOBODY})
    child = f"ContactPoint number {child_numbers.written(said.number.replace(' ', ''))}"
    return asked.go(f"/who-looked/list?page={_kept(asked, handle_text(handle), child, token=b'', earlier=0)}")


def list_page(asked: Asked) -> Response:
    """Return a page of the list, newest first; reading it is an entry itself. Raises KeptGone, ServiceError."""
    kept = asked.kept.get(_KIND, asked.query("page"))
    request = review.WhoLookedAtRequest(
        handle=handle_of(kept["handle"]), page_size=_A_PAGE, page_token=bytes.fromhex(kept["token"])
    )
    answer = asked.edge.review.WhoLookedAt(request)
    names = naming.named(
        asked,
        people=[person for one in answer.looks for person in (one.person, one.beneficiary)],
        organisations=[one.organisation for one in answer.looks],
    )
    earlier, following = kept["earlier"], answer.next_page_token
    shown = len(answer.looks)
    return asked.show(
        "who_looked_at/list.html",
        shows_child=True,
        child=kept["child"],
        rows=[_row(one, names) for one in answer.looks],
        total=answer.total,
        first=earlier + 1,
        last=earlier + shown,
        next_page=(
            _kept(asked, kept["handle"], kept["child"], token=following, earlier=earlier + shown) if following else ""
        ),
    )


def _kept(asked: Asked, handle: str, child: str, *, token: bytes, earlier: int) -> str:
    return asked.kept.put(_KIND, {"handle": handle, "child": child, "token": token.hex(), "earlier": earlier})


def _form(asked: Asked, said: IdentifyForm, faults: Faults) -> Response:
    return asked.show(
        "who_looked_at/identify.html",
        status=400 if faults else 200,
        errors=faults,
        said=said,
        typed=said.as_typed(),
        codes=reasons.CODES,
    )


def _row(one: review.Look, names: naming.Named) -> LookRow:
    return LookRow(
        at=one.at.ToDatetime(UTC),
        act=words.act(one.act),
        person=names.person(one.person),
        organisation=names.organisation(one.organisation),
        role=words.role(one.role),
        reason=words.reason(one.reason_code, one.reason_text),
        outcome=words.outcome(one.outcome, method=one.act),
        beneficiary=names.person(one.beneficiary) if one.beneficiary else "",
        index=one.proof.index,
        leaf=_leaf(one.proof),
    )


def _leaf(proof: review.EntryProof) -> str:
    return hashlib.sha256(proof.salt + proof.body).hexdigest()
