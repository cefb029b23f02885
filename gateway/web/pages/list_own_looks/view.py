"""Lists one's own looks, twenty a page; names are not looked up again."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

from contactpoint.audit.review.v1 import review_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_entries import words

_KIND = "own-looks"
_THIS = "ListOwnLooks"
_OWN_WORDS = {
    "session.started": "Signed in",
    "sign_in": "Tried to sign in",
    "person.enrolled": "Set up this account",
    "AcknowledgePolicy": "Acknowledged the policy",
    "SignOut": "Signed out",
    "EndSessions": "Ended sessions",
}


@dataclass(frozen=True)
class _Look:
    """One look, as the page shows it."""

    at: datetime
    act: str
    reason: str
    number: str
    outcome: str


def draw(asked: Asked) -> Response:
    """Show the newest looks, or the older ones that the page's key leads to."""
    key = asked.query("page")
    token = base64.b64decode(asked.kept.get(_KIND, key)["token"]) if key else b""
    answer = asked.edge.review.ListOwnLooks(pb.ListOwnLooksRequest(page_token=token))
    older = ""
    if answer.next_page_token:
        older = asked.kept.put(_KIND, {"token": base64.b64encode(answer.next_page_token).decode("ascii")})
    return asked.show(
        "list_own_looks/looks.html",
        # That one read this very list is recorded too, and says nothing.
        looks=[_look(row) for row in answer.looks if not row.act.endswith(_THIS)],
        older=older,
        is_first=not key,
        # Numbers of children stand here.
        shows_child=any(row.number for row in answer.looks),
    )


def _look(row: pb.OwnLook) -> _Look:
    return _Look(
        at=row.at.ToDatetime(UTC),
        act=_OWN_WORDS.get(row.act.rpartition("/")[2]) or words.act(row.act),
        reason=words.reason(row.reason_code, row.reason_text) if row.reason_code else "",
        number=row.number,
        # Of acts that show nobody only a refusal is news.
        outcome=words.outcome(row.outcome, method=row.act) if row.number or row.outcome == "REFUSED" else "",
    )
