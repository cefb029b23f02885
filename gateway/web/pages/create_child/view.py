"""A new record: from the search that did not show the child, with as little as is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.errors import FormUnreadable
from gateway.web.pages.about_children import child_numbers, refused_fields, words
from gateway.web.pages.about_children.chosen import Chosen, unpack
from gateway.web.pages.about_children.refusals import next_act, to_send_again, violations
from gateway.web.pages.about_children.submitted import Faults
from gateway.web.pages.create_child import form
from gateway.web.pages.create_child.form import CreateForm, TypedCarer
from gateway.web.pages.search_children import form as search_form
from gateway.web.pages.search_children import view as search
from gateway.web.pages.search_children.form import SearchForm
from services.runtime.clock import london_day
from services.runtime.errors import ServiceError

KIND = "create"
"""What this page keeps: the search that names the child, as typed, and its handle."""
CREATED = "created"
"""What the page after it keeps: the child and its number."""
_SEARCHED_AGAIN = (
    "Your search was more than 10 minutes old, so we searched again and found nothing new. Send this form again"
)


def choose(asked: Asked) -> Response:
    """Take the search of a page of results, and go on to the form."""
    packed = unpack(asked.form.one("search"))
    if not isinstance(packed.get("search"), str) or not isinstance(packed.get("fields"), dict):
        raise FormUnreadable
    kept = {name: packed.get(name) for name in ("search", "fields", "had_rows")}
    return asked.go(f"/create?page={asked.kept.put(KIND, kept)}")


def ask(asked: Asked) -> Response:
    """Draw the form, empty."""
    key = asked.query("page")
    return _drawn(asked, key, CreateForm(), {}, act="")


def create(asked: Asked) -> Response:
    """Create the record, and go on to say so; or draw the form again with what was typed."""
    key = asked.form.one("page")
    said, wrong = form.read(asked.form)
    if asked.form.one("more"):
        more = (*said.carers, TypedCarer())[: form.MOST_CARERS]
        return _drawn(asked, key, replace(said, carers=more), {}, act=asked.act)
    if wrong:
        return _drawn(asked, key, said, wrong, act=asked.act)
    kept = asked.kept.get(KIND, key)
    searched = _searched(asked, kept)
    request = said.request(
        act=asked.act,
        search_handle=_handle(kept["search"]),
        name=searched.child_name,
        born=searched.born or pb.DateOfBirth(),
    )
    try:
        created = asked.edge.directory.CreateChild(request)
    except ServiceError as refused:
        return _refused(asked, key, said, refused)
    chosen = Chosen.of(created.handle, request.name, request.date_of_birth)
    asked.kept.drop(key)
    return asked.go(f"/created?page={asked.kept.put(CREATED, {**chosen.values, 'number': created.number})}")


def created(asked: Asked) -> Response:
    """Say that the record is there, and what to do next."""
    kept = asked.kept.get(CREATED, asked.query("page"))
    return asked.show(
        "create_child/created.html",
        heading="Record created",
        shows_child=True,
        is_look=False,
        chosen=Chosen.kept(kept),
        number=child_numbers.written(kept["number"]),
    )


def _refused(asked: Asked, key: str, said: CreateForm, refused: ServiceError) -> Response:
    if violations(refused):
        wrong = refused_fields.faults(violations(refused), form.PATHS, otherwise="gender")
        return _drawn(asked, key, said, wrong, act=asked.act)
    if refused.reason == "SEARCH_NEEDED":
        return _searched_again(asked, key, said)
    if wrong := to_send_again(refused):
        return _drawn(asked, key, said, wrong, act=next_act(refused, asked.act), status=503)
    raise refused


def _searched_again(asked: Asked, key: str, said: CreateForm) -> Response:
    """Search as before, since the search was too old; what it finds now is shown if it found nothing then."""
    kept = asked.kept.get(KIND, key)
    searched = _searched(asked, kept)
    found = asked.edge.directory.SearchChildren(searched.request)
    if found.add_details or (found.rows and not kept["had_rows"]):
        return asked.go(f"/search/results?page={asked.kept.put(search.KIND, kept['fields'])}")
    asked.kept.drop(key)
    fresh = asked.kept.put(KIND, {**kept, "search": found.search_handle.hex()})
    return _drawn(asked, fresh, said, {"send": _SEARCHED_AGAIN}, act="", status=409)


def _drawn(asked: Asked, key: str, said: CreateForm, wrong: Faults, *, act: str, status: int | None = None) -> Response:
    searched = _searched(asked, asked.kept.get(KIND, key))
    return asked.show(
        "create_child/create.html",
        heading="Create a record",
        status=status or (400 if wrong else 200),
        errors=wrong,
        shows_child=True,
        is_look=False,
        key=key,
        searched=searched.who,
        said=said,
        states=[(code, words.address_state(state)) for code, state in form.ADDRESSES.items()],
        places=[code for code, state in form.ADDRESSES.items() if state in words.WITH_A_PLACE],
        most_carers=form.MOST_CARERS,
        act=act,
    )


def _searched(asked: Asked, kept: dict[str, Any]) -> SearchForm:
    return search_form.again(kept["fields"], today=london_day(asked.now))


def _handle(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise FormUnreadable from None
