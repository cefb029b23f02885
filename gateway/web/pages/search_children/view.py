"""Search: what is asked, what was found, and what to do where nothing was."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_children import dates, names, refused_fields, words
from gateway.web.pages.about_children.chosen import Chosen, pack
from gateway.web.pages.about_children.refusals import violations
from gateway.web.pages.about_children.submitted import Faults
from gateway.web.pages.search_children import form
from services.runtime.clock import london_day
from services.runtime.errors import ServiceError

KIND = "search"
"""What a page of results keeps: the fields of the search."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One child, just enough to choose."""

    name: str
    born: str
    gender: str
    is_limited: bool
    packed: str


def ask(asked: Asked) -> Response:
    """Draw the form, with what this person typed last."""
    return _drawn(asked, asked.typed.read(), {})


def search(asked: Asked) -> Response:
    """Keep what was typed, and go on to what it finds."""
    said, wrong = form.read(asked.form, today=london_day(asked.now))
    asked.typed.keep(said.fields)
    if wrong:
        return _drawn(asked, said.fields, wrong)
    return asked.go(f"/search/results?page={asked.kept.put(KIND, said.fields)}")


def results(asked: Asked) -> Response:
    """Search, and draw what was found; each time it is drawn is a search, and is on the log."""
    key = asked.query("page")
    said = form.again(asked.kept.get(KIND, key), today=london_day(asked.now))
    try:
        found = asked.edge.directory.SearchChildren(said.request)
    except ServiceError as refused:
        if not violations(refused):
            raise
        return _drawn(asked, said.fields, refused_fields.faults(violations(refused), form.PATHS, otherwise="surname"))
    rows = [_row(row) for row in found.rows]
    return asked.show(
        "search_children/results.html",
        heading=_heading(found),
        shows_child=True,
        key=key,
        asked_for=said.who,
        rows=rows,
        some_are_alike=len({(row.name, row.born) for row in rows}) < len(rows),
        add_details=found.add_details,
        said=said,
        fields=said.fields,
        may_create=asked.visitor.may("record.create"),
        search=pack({"search": found.search_handle.hex(), "fields": said.fields, "had_rows": bool(found.rows)}),
    )


def _drawn(asked: Asked, fields: Mapping[str, str], wrong: Faults) -> Response:
    return asked.show(
        "search_children/search.html",
        heading="Search for a child",
        status=400 if wrong else 200,
        errors=wrong,
        fields=fields,
    )


def _heading(found: pb.SearchChildrenResponse) -> str:
    if found.add_details:
        return "Add details to your search"
    return "Children found" if found.rows else "No record found"


def _row(row: pb.ChildRow) -> Row:
    return Row(
        name=names.written(row.name),
        born=dates.written(row.date_of_birth),
        gender=words.gender(row.gender),
        is_limited=row.is_limited,
        packed=Chosen.of(row.handle, row.name, row.date_of_birth).packed,
    )
