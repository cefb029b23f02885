"""A child named by number, which opens nothing without surname, date of birth and a reason."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.about_children import child_numbers, dates, names, reasons
from gateway.web.pages.about_children.dates import TypedDate
from gateway.web.pages.about_children.reasons import ReasonForm
from gateway.web.pages.about_children.submitted import Faults, Submitted

PATHS = {
    "number.number": "number",
    "number.surname": "surname",
    "number.date_of_birth": "born-day",
    "number.date_of_birth.month": "born-month",
    "number.date_of_birth.year": "born-year",
    "reason.text": "reason-text",
}
"""This page's fields by the paths of the request."""
_DIGITS = 10
# Modulus 11 of the NHS Data Dictionary: weights ten to two, and eleven stands for nought.
_MODULUS = 11


@dataclass(frozen=True, kw_only=True)
class NumberForm:
    """A number with what goes with it, and why."""

    number: str = ""
    surname: str = ""
    typed_date: TypedDate = field(default_factory=TypedDate)
    born: pb.DateOfBirth | None = None
    reason: ReasonForm = field(default_factory=ReasonForm)

    def __repr__(self) -> str:
        """Return a text without what was typed."""
        return "NumberForm()"

    @property
    def claim(self) -> pb.NumberClaim:
        """The child, as the request names it."""
        return pb.NumberClaim(number=self.number, surname=self.surname, date_of_birth=self.born)


def read(form: Submitted, *, today: date) -> tuple[NumberForm, Faults]:
    """Return what was typed and what is wrong with it."""
    typed_date = dates.typed(form, "born")
    born, wrong_date = dates.read(typed_date, prefix="born", what="Date of birth", today=today)
    reason, wrong_reason = reasons.read(form)
    said = NumberForm(
        number=child_numbers.tidied(form.one("number")),
        surname=names.tidied(form.one("surname")),
        typed_date=typed_date,
        born=born,
        reason=reason,
    )
    found: Faults = {}
    if sentence := _number_fault(said.number):
        found["number"] = sentence
    if not said.surname:
        found["surname"] = "Enter the surname, or the only name"
    elif sentence := names.fault(said.surname):
        found["surname"] = sentence
    if typed_date.is_empty:
        found["born-day"] = "Enter the date of birth"
    return said, {**found, **wrong_date, **wrong_reason}


def is_nhs_number(digits: str) -> bool:
    """Whether ten digits are a valid NHS number."""
    remainder = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), digits, strict=False)) % _MODULUS
    return (_MODULUS - remainder) % _MODULUS == int(digits[-1])


def is_nhs_number_typed(number: str) -> bool:
    """Whether what stands in the field of the number is a valid NHS number."""
    digits = number.replace(" ", "")
    return len(digits) == _DIGITS and digits.isascii() and digits.isdigit() and is_nhs_number(digits)


def _number_fault(number: str) -> str | None:
    if not number:
        return "Enter the ContactPoint number"
    digits = number.replace(" ", "")
    if len(digits) != _DIGITS or not (digits.isascii() and digits.isdigit()):
        return "Enter the ten digits of the ContactPoint number, such as 12345 67890"
    if is_nhs_number_typed(number):
        return "This is an NHS number, which ContactPoint does not keep. Search by name and date of birth instead"
    return None
