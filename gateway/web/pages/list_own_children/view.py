"""My children: own current involvements, those to be confirmed first; confirmed or ended by ticking."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from contactpoint.directory.v1 import directory_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.errors import FormUnreadable
from gateway.web.pages.about_children import dates, words
from gateway.web.pages.about_children.chosen import Chosen
from gateway.web.pages.list_own_children import ticked
from gateway.web.pages.list_own_children.ticked import Ticked
from services.runtime.errors import ServiceError

KIND = "own-children"
"""What a page of the list keeps: the token of the page, and what has just become of which rows."""
_WHY_NOT = {
    "NOT_FOUND": "It has ended already, or this page was open for more than 15 minutes.",
    "BEING_CHANGED": "Somebody else was changing this record. Try again.",
    "ACT_GIVEN_UP": "This was interrupted and nothing was recorded. Try again.",
    "RECORD_FULL": "The record cannot take another entry. Telephone your team.",
    "IDEMPOTENCY_KEY_REUSED": "Something else was done with this row on the page before. Look at it again.",
}
_WHY_NOT_OTHERWISE = "The service did not answer. Look whether it is still in the list, and try again."
_NOBODY = {"row": "Tick at least one child"}


@dataclass(frozen=True, kw_only=True)
class Row:
    """One own involvement."""

    name: str
    born: str
    gender: str
    last_confirmed: str
    is_due: bool
    packed: str
    """The value of its box."""
    opens: str
    """The value of the button that opens the record."""


def ask(asked: Asked) -> Response:
    """Draw one page of the list, the first where no page is named."""
    key = asked.query("page")
    return _drawn(asked, asked.kept.get(KIND, key) if key else {})


def turn(asked: Asked) -> Response:
    """Go on to the next page."""
    return _on(asked, {"token": _token(asked)})


def confirm_or_end(asked: Asked) -> Response:
    """Confirm what was ticked, or ask once more before it is ended; each row is an act of its own."""
    rows, here = ticked.read(asked.form), {"token": _token(asked)}
    if not rows:
        return _drawn(asked, here, wrong=_NOBODY)
    match asked.form.one("what"):
        case "confirm":
            return _on(asked, {**here, **_done(rows, lambda row: _confirm(asked, row)), "did": "confirmed"})
        case "end":
            return _ending(asked, rows)
        case "end-surely":
            return _on(asked, {**here, **_done(rows, lambda row: _end(asked, row)), "did": "ended"})
        case _:
            raise FormUnreadable


def _on(asked: Asked, kept: dict[str, Any]) -> Response:
    return asked.go(f"/children?page={asked.kept.put(KIND, kept)}")


def _token(asked: Asked) -> str:
    text = asked.form.one("token")
    try:
        bytes.fromhex(text)
    except ValueError:
        raise FormUnreadable from None
    return text


def _confirm(asked: Asked, row: Ticked) -> None:
    asked.edge.directory.ConfirmInvolvement(
        pb.ConfirmInvolvementRequest(
            idempotency_key=row.act, handle=row.chosen.handle, involvement_id=row.involvement_id
        )
    )


def _end(asked: Asked, row: Ticked) -> None:
    asked.edge.directory.EndInvolvement(
        pb.EndInvolvementRequest(idempotency_key=row.act, handle=row.chosen.handle, involvement_id=row.involvement_id)
    )


def _done(rows: list[Ticked], act: Callable[[Ticked], None]) -> dict[str, Any]:
    """Return how many rows it was done to, and for which it was not, with why."""
    count, failed = 0, []
    for row in rows:
        try:
            act(row)
        except ServiceError as refused:
            if refused.status in ("UNAUTHENTICATED", "PERMISSION_DENIED"):
                # It will be so for every row that follows, and has a page of its own.
                raise
            failed.append([f"{row.chosen.name}, born {row.chosen.born}", refused.reason])
        else:
            count += 1
    return {"count": count, "failed": failed}


def _ending(asked: Asked, rows: list[Ticked]) -> Response:
    return asked.show(
        "list_own_children/end.html",
        heading="Have these involvements ended?",
        shows_child=True,
        is_look=False,
        token=_token(asked),
        rows=[(row.chosen, row.packed) for row in rows],
    )


def _drawn(asked: Asked, kept: dict[str, Any], *, wrong: dict[str, str] | None = None) -> Response:
    token = bytes.fromhex(kept.get("token", ""))
    answer = asked.edge.directory.ListOwnChildren(pb.ListOwnChildrenRequest(page_token=token))
    return asked.show(
        "list_own_children/own_children.html",
        heading="My children",
        status=400 if wrong else 200,
        errors=wrong if answer.rows else None,
        shows_child=True,
        rows=[_row(row) for row in answer.rows],
        token=token.hex(),
        next_token=answer.next_page_token.hex(),
        is_first=not token,
        total=answer.total,
        due=answer.due,
        did=kept.get("did", ""),
        count=kept.get("count", 0),
        failed=[(who, _WHY_NOT.get(reason, _WHY_NOT_OTHERWISE)) for who, reason in kept.get("failed", [])],
    )


def _row(row: pb.OwnChildRow) -> Row:
    chosen = Chosen.of(row.handle, row.name, row.date_of_birth)
    confirmed = row.last_confirmed_at.ToDatetime(UTC) if row.HasField("last_confirmed_at") else None
    return Row(
        name=chosen.name,
        born=chosen.born,
        gender=words.gender(row.gender),
        last_confirmed=dates.day_of(confirmed) if confirmed else "",
        is_due=row.is_due,
        packed=Ticked.drawn(chosen, row.involvement_id).packed,
        opens=chosen.packed,
    )
