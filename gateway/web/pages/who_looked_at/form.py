"""Which child, and why the auditor asks: the number with the whole current name and the date of birth."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.about_children import child_numbers, dates, names, reasons
from gateway.web.pages.about_children.submitted import Faults, Submitted

_BORN = "date-of-birth"


@dataclass(frozen=True, kw_only=True)
class IdentifyForm:
    """What was typed; a child with one name has it as a surname."""

    number: str = ""
    surname: str = ""
    given_names: str = ""
    date_of_birth: dates.TypedDate = field(default_factory=dates.TypedDate)
    reason: reasons.ReasonForm = field(default_factory=reasons.ReasonForm)

    def __repr__(self) -> str:
        """Return a text without the child."""
        return "IdentifyForm()"

    @property
    def name(self) -> pb.ChildName:
        """The name as the contracts say it."""
        if not self.given_names:
            return pb.ChildName(single=self.surname)
        return pb.ChildName(full=pb.FullName(surname=self.surname, given_names=self.given_names))

    def as_typed(self) -> dict[str, str]:
        """Return the date's three fields by their names."""
        born = self.date_of_birth
        return {f"{_BORN}-day": born.day, f"{_BORN}-month": born.month, f"{_BORN}-year": born.year}


def read(form: Submitted, *, today: date) -> tuple[IdentifyForm, pb.DateOfBirth | None, Faults]:
    """Return what was typed, the date of birth, and what is wrong."""
    reason, faults_of_reason = reasons.read(form)
    said = IdentifyForm(
        number=child_numbers.tidied(form.one("number")),
        surname=names.tidied(form.one("surname")),
        given_names=names.tidied(form.one("given-names")),
        date_of_birth=dates.typed(form, _BORN),
        reason=reason,
    )
    faults: Faults = {}
    if not said.number:
        faults["number"] = "Enter the ten digits of the ContactPoint number, such as 12345 67890"
    if not said.surname:
        faults["surname"] = "Enter the surname, or the one name of a child who has one name only"
    for name, typed in (("surname", said.surname), ("given-names", said.given_names)):
        sentence = names.fault(typed)
        if sentence:
            faults.setdefault(name, sentence)
    born, faults_of_date = dates.read(said.date_of_birth, prefix=_BORN, what="Date of birth", today=today)
    if said.date_of_birth.is_empty:
        faults[f"{_BORN}-day"] = "Enter the date of birth"
    return said, born, {**faults, **faults_of_date, **faults_of_reason}
