"""Open by number: the number, a surname, a date of birth and a reason, on one page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_children import reasons, refused_fields
from gateway.web.pages.about_children.dates import TypedDate
from gateway.web.pages.about_children.reasons import ReasonForm
from gateway.web.pages.about_children.refusals import violations
from gateway.web.pages.about_children.submitted import Faults
from gateway.web.pages.open_record_by_number import form
from gateway.web.pages.open_record_by_number.form import NumberForm
from services.runtime.clock import london_day
from services.runtime.errors import ServiceError

RECORD = "record"
"""What the page of a record keeps, of which this page fills another part."""
_DISAGREES = (
    "No record has this number together with this surname and date of birth. Check all three, or search by name"
)


def ask(asked: Asked) -> Response:
    """Draw the form."""
    return _drawn(asked, NumberForm(), {})


def open_record(asked: Asked) -> Response:
    """Take what was typed, and go on to the record."""
    said, wrong = form.read(asked.form, today=london_day(asked.now))
    if wrong or said.born is None:
        return _drawn(asked, said, wrong)
    born = said.typed_date
    kept = {
        "number": said.number,
        "surname": said.surname,
        "typed": [born.day, born.month, born.year],
        "born": [said.born.day, said.born.month, said.born.year],
        "code": said.reason.code,
        "text": said.reason.text,
    }
    return asked.go(f"/record?page={asked.kept.put(RECORD, kept)}")


def claim_of(kept: Mapping[str, Any]) -> pb.NumberClaim:
    """Return the child as the request names it, from what was kept."""
    return _said(kept).claim


def refused(asked: Asked, kept: Mapping[str, Any], refusal: ServiceError) -> Response:
    """Draw the form again with what was typed, and say which part of it opened nothing."""
    wrong = refused_fields.faults(violations(refusal), form.PATHS, otherwise="number") or {"number": _DISAGREES}
    return _drawn(asked, _said(kept), wrong)


def _said(kept: Mapping[str, Any]) -> NumberForm:
    typed_day, typed_month, typed_year = kept["typed"]
    day, month, year = kept["born"]
    return NumberForm(
        number=kept["number"],
        surname=kept["surname"],
        typed_date=TypedDate(day=typed_day, month=typed_month, year=typed_year),
        born=pb.DateOfBirth(day=day, month=month, year=year),
        reason=ReasonForm(code=kept["code"], text=kept["text"]),
    )


def _drawn(asked: Asked, said: NumberForm, wrong: Faults) -> Response:
    return asked.show(
        "open_record_by_number/by_number.html",
        heading="Open a record by its number",
        status=400 if wrong else 200,
        errors=wrong,
        said=said,
        reason=said.reason,
        codes=reasons.CODES,
        is_nhs_number=form.is_nhs_number_typed(said.number),
    )
