"""What somebody types to find a child: a surname and a date of birth, or both names and a year."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.about_children import dates, names
from gateway.web.pages.about_children.dates import TypedDate
from gateway.web.pages.about_children.submitted import Faults, Submitted

FIELDS = ("surname", "given-names", "not-yet-named", "born-day", "born-month", "born-year", "postcode")
PATHS = {
    "surname": "surname",
    "given_names": "given-names",
    "date_of_birth": "born-day",
    "date_of_birth.day": "born-day",
    "date_of_birth.month": "born-month",
    "date_of_birth.year": "born-year",
    "postcode": "postcode",
}
"""This page's fields by the paths of the request."""
_POSTCODE = re.compile(r"[A-Z0-9]{1,8}( [A-Z0-9]{1,4})?")


@dataclass(frozen=True, kw_only=True)
class SearchForm:
    """What was typed."""

    surname: str = ""
    given_names: str = ""
    is_not_yet_named: bool = False
    typed_date: TypedDate = field(default_factory=TypedDate)
    born: pb.DateOfBirth | None = None
    """The date that was typed, where it is one."""
    postcode: str = ""

    def __repr__(self) -> str:
        """Return a text without what was typed."""
        return "SearchForm()"

    @property
    def request(self) -> pb.SearchChildrenRequest:
        """The search."""
        return pb.SearchChildrenRequest(
            surname=self.surname,
            given_names=self.given_names,
            date_of_birth=self.born,
            postcode=self.postcode,
            not_yet_named=self.is_not_yet_named,
        )

    @property
    def fields(self) -> dict[str, str]:
        """The values of the form's fields, for drawing it again."""
        return {
            "surname": self.surname,
            "given-names": self.given_names,
            "not-yet-named": "yes" if self.is_not_yet_named else "",
            "born-day": self.typed_date.day,
            "born-month": self.typed_date.month,
            "born-year": self.typed_date.year,
            "postcode": self.postcode,
        }

    @property
    def who(self) -> str:
        """The child as searched for, in words."""
        name = names.written(self.child_name)
        return f"{name}, born {dates.written(self.born)}" if self.born else name

    @property
    def child_name(self) -> pb.ChildName:
        """The name in one of its three shapes, as a record made from this search has it."""
        if self.is_not_yet_named:
            return pb.ChildName(not_yet_named=self.surname)
        if self.surname and self.given_names:
            return pb.ChildName(full=pb.FullName(surname=self.surname, given_names=self.given_names))
        return pb.ChildName(single=self.surname or self.given_names)

    @property
    def may_create(self) -> bool:
        """Whether a record may be made from this search: by name and the whole date of birth, and nothing else."""
        return self.born is not None and bool(self.born.day) and not self.postcode


def read(form: Submitted, *, today: date) -> tuple[SearchForm, Faults]:
    """Return what was typed and what is wrong with it."""
    typed_date = dates.typed(form, "born")
    born, wrong_date = dates.read(typed_date, prefix="born", what="Date of birth", today=today)
    said = SearchForm(
        surname=names.tidied(form.one("surname")),
        given_names=names.tidied(form.one("given-names")),
        is_not_yet_named=form.one("not-yet-named") == "yes",
        typed_date=typed_date,
        born=born,
        postcode=" ".join(form.one("postcode").upper().split()),
    )
    return said, _in_order(_wrong(said, wrong_date))


class _Fields:
    """Values that were kept, read as a form is."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def one(self, name: str) -> str:
        return self._values.get(name, "")

    def every(self, name: str) -> list[str]:
        return [self._values[name]] if name in self._values else []


def again(values: Mapping[str, str], *, today: date) -> SearchForm:
    """Return the search that was kept as its `fields`."""
    return read(_Fields(values), today=today)[0]


def _wrong(said: SearchForm, wrong_date: Faults) -> Faults:
    found = dict(wrong_date)
    for name, where in ((said.surname, "surname"), (said.given_names, "given-names")):
        if sentence := names.fault(name):
            found[where] = sentence
    if not said.surname and not said.given_names:
        found["surname"] = "Enter a surname. If the child has one name only, enter it here"
    elif said.is_not_yet_named and not said.surname:
        found["surname"] = "Enter the surname of the child who is not yet named"
    elif said.is_not_yet_named and said.given_names:
        found["given-names"] = "Leave the first names empty, or untick “not yet named”"
    if said.typed_date.is_empty:
        found["born-day"] = "Enter a date of birth. A year alone is enough with a surname and a first name"
    elif not wrong_date and said.born is not None and not said.born.day and not _has_both_names(said):
        found["born-day"] = "Enter the whole date of birth, or a surname and a first name with the year"
    if said.postcode and not _POSTCODE.fullmatch(said.postcode):
        found["postcode"] = "Enter a postcode like LS1 1UR, or leave it empty"
    return found


def _has_both_names(said: SearchForm) -> bool:
    return bool(said.surname and said.given_names) and not said.is_not_yet_named


def _in_order(found: Faults) -> Faults:
    return {where: found[where] for where in FIELDS if where in found}
