"""What is said of a child who is new here: as little as is known. Name and date of birth are those of the search."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from contactpoint.directory.v1 import directory_service_pb2 as pb

from gateway.web.pages.about_children import names, words
from gateway.web.pages.about_children.submitted import Faults, Submitted

MOST_CARERS = 6
LINES = 4
_LONGEST_LINE = 60
_TELEPHONE = re.compile(r"[0-9+ ]{5,20}")
_POSTCODE = re.compile(r"[A-Z0-9]{1,8}( [A-Z0-9]{1,4})?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
GENDERS = {"female": pb.GENDER_FEMALE, "male": pb.GENDER_MALE, "not-specified": pb.GENDER_UNSPECIFIED}
NOT_GIVEN = "not-given"
ADDRESSES = {
    "current": pb.ADDRESS_STATE_CURRENT,
    "last-known": pb.ADDRESS_STATE_LAST_KNOWN,
    "none-known": pb.ADDRESS_STATE_NONE_KNOWN,
    "left-returns": pb.ADDRESS_STATE_LEFT_RETURNS,
    "left-for-good": pb.ADDRESS_STATE_LEFT_FOR_GOOD,
    "left-not-known": pb.ADDRESS_STATE_LEFT_NOT_KNOWN,
}
PATHS = {
    "gender": "gender",
    "date_of_birth": "is-estimated",
    "name": "name",
    "address": "line-1",
    "address.state": "address",
    "address.postcode": "postcode",
    **{f"address.lines[{place}]": f"line-{place + 1}" for place in range(LINES)},
    **{
        f"carers[{place}].{path}": f"carer-{place + 1}-{where}"
        for place in range(MOST_CARERS)
        for path, where in (("name", "name"), ("telephone", "telephone"), ("email", "email"))
    },
}
"""This page's fields by the paths of the request."""


@dataclass(frozen=True, kw_only=True)
class TypedCarer:
    """A parent or carer, as typed."""

    name: str = ""
    telephone: str = ""
    email: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing was typed."""
        return not (self.name or self.telephone or self.email)


@dataclass(frozen=True, kw_only=True)
class CreateForm:
    """What was typed beside name and date of birth."""

    is_estimated: bool = False
    gender: str = ""
    address: str = NOT_GIVEN
    lines: tuple[str, ...] = field(default=("",) * LINES)
    postcode: str = ""
    carers: tuple[TypedCarer, ...] = (TypedCarer(),)
    """As many as are shown, empty ones included."""

    def __repr__(self) -> str:
        """Return a text without what was typed."""
        return "CreateForm()"

    def request(
        self, *, act: str, search_handle: bytes, name: pb.ChildName, born: pb.DateOfBirth
    ) -> pb.CreateChildRequest:
        """Return the request that creates the record."""
        said = pb.DateOfBirth(year=born.year, month=born.month, day=born.day, is_estimated=self.is_estimated)
        state = ADDRESSES.get(self.address)
        return pb.CreateChildRequest(
            idempotency_key=act,
            search_handle=search_handle,
            name=name,
            date_of_birth=said,
            gender=GENDERS[self.gender],
            address=pb.Address(state=state, lines=self.lines, postcode=self.postcode) if state else None,
            carers=[
                pb.Carer(name=one.name, telephone=one.telephone, email=one.email)
                for one in self.carers
                if not one.is_empty
            ],
        )


def read(form: Submitted) -> tuple[CreateForm, Faults]:
    """Return what was typed and what is wrong with it."""
    shown = form.one("carers")
    count = int(shown) if shown.isascii() and shown.isdigit() and len(shown) == 1 else 1
    said = CreateForm(
        is_estimated=form.one("is-estimated") == "yes",
        gender=form.one("gender"),
        address=form.one("address") or NOT_GIVEN,
        lines=tuple(" ".join(form.one(f"line-{place}").split()) for place in range(1, LINES + 1)),
        postcode=" ".join(form.one("postcode").upper().split()),
        carers=tuple(_carer(form, place) for place in range(1, min(max(count, 1), MOST_CARERS) + 1)),
    )
    return said, _wrong(said)


def _carer(form: Submitted, place: int) -> TypedCarer:
    return TypedCarer(
        name=names.tidied(form.one(f"carer-{place}-name")),
        telephone=" ".join(form.one(f"carer-{place}-telephone").split()),
        email=form.one(f"carer-{place}-email").strip(),
    )


def _wrong(said: CreateForm) -> Faults:
    found: Faults = {}
    if said.gender not in GENDERS:
        found["gender"] = "Select a gender, or “not specified”"
    found |= _wrong_address(said)
    for place, carer in enumerate(said.carers, 1):
        found |= _wrong_carer(carer, f"carer-{place}")
    return found


def _wrong_address(said: CreateForm) -> Faults:
    found: Faults = {}
    if said.address != NOT_GIVEN and said.address not in ADDRESSES:
        return {"address": "Select what you know of the address"}
    is_place = ADDRESSES.get(said.address) in words.WITH_A_PLACE
    has_place = any(said.lines) or bool(said.postcode)
    if is_place and not has_place:
        found["line-1"] = "Enter the address, or select that it is not known"
    if has_place and not is_place:
        found["address"] = "Select that this is the address, or leave the address empty"
    for place, line in enumerate(said.lines, 1):
        if len(line) > _LONGEST_LINE:
            found[f"line-{place}"] = f"Use at most {_LONGEST_LINE} characters in a line"
    if said.postcode and not _POSTCODE.fullmatch(said.postcode):
        found["postcode"] = "Enter a postcode like LS1 1UR"
    return found


def _wrong_carer(carer: TypedCarer, where: str) -> Faults:
    found: Faults = {}
    if carer.is_empty:
        return found
    if not carer.name:
        found[f"{where}-name"] = "Enter the name of the parent or carer"
    if carer.telephone and not _TELEPHONE.fullmatch(carer.telephone):
        found[f"{where}-telephone"] = "Enter a telephone number of numbers only, such as 07700 900123"
    if carer.email and not _EMAIL.fullmatch(carer.email):
        found[f"{where}-email"] = "Enter an e-mail address like name@example.org"
    return found
