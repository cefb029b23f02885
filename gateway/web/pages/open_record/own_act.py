"""What presses on a record have in common: one act on one involvement, and then the record again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid5

from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.errors import FormUnreadable
from gateway.web.pages.about_children.chosen import FIELD, Chosen, unpacked
from gateway.web.pages.about_children.reasons import ReasonForm
from gateway.web.pages.open_record import view
from services.runtime.errors import NotFound

Act = Callable[[Chosen, str, str], bytes]
"""From the child, the involvement's id and the act's key to a fresh handle; raises what the edge refuses."""


def involvement_id(asked: Asked) -> str:
    """Return the involvement that the form names; raises FormUnreadable."""
    try:
        return str(UUID(asked.form.one("involvement")))
    except ValueError:
        raise FormUnreadable from None


def act_of(drawn: str, said: str, involvement: str) -> str:
    """Return the key of one act on one involvement, from the key that the page was drawn with.

    A page has one form with a button for each involvement: the same button is the same act, another is another.
    """
    return str(uuid5(UUID(drawn), f"{said} {involvement}"))


def done(asked: Asked, act: Act, *, said: str) -> Response:
    """Do it, and go back to the record, which is another look for the same reason.

    A page that was open too long, or in a session before this one, says so and leads to the search.
    """
    record = asked.kept.get(view.KIND, asked.form.one("page"))
    chosen = unpacked(asked.form.one(FIELD))
    try:
        involvement = involvement_id(asked)
        handle = act(chosen, involvement, act_of(asked.act, said, involvement))
    except NotFound:
        return view.expired(asked)
    reason = ReasonForm(code=record["code"], text=record["text"])
    return asked.go(f"/record?page={view.keep(asked, replace(chosen, handle=handle), reason, like=record, said=said)}")


def kept_for(asked: Asked) -> dict[str, Any]:
    """Return what a page about one involvement keeps, from the form on the record that led to it."""
    record = asked.kept.get(view.KIND, asked.form.one("page"))
    involvement = involvement_id(asked)
    return {
        **unpacked(asked.form.one(FIELD)).values,
        "involvement": involvement,
        "organisation": asked.form.one(f"organisation {involvement}"),
        "marks": asked.form.one(f"marks {involvement}"),
        "back": asked.form.one("page"),
        "record": {name: record[name] for name in ("code", "text")} | {"results": record.get("results", "")},
    }


def back_to_record(asked: Asked, kept: dict[str, Any], handle: bytes, *, said: str) -> Response:
    """Go back to the record that led to a page about one involvement."""
    record = kept["record"]
    reason = ReasonForm(code=record["code"], text=record["text"])
    chosen = replace(Chosen.kept(kept), handle=handle)
    return asked.go(f"/record?page={view.keep(asked, chosen, reason, like=record, said=said)}")
