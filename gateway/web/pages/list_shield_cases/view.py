"""The shield cases of one's authority that wait for an officer, oldest first; none of them names a child."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.about_people import naming
from gateway.web.pages.about_shields import grounds, states

_KIND = "shield-cases"
_A_PAGE = 20


@dataclass(frozen=True, kw_only=True)
class CaseRow:
    """One case, as the list shows it."""

    case_id: str
    state: str
    ground: str
    opened_at: datetime
    opened_by: str
    due_by: datetime | None
    """The last instant at which it is not overdue: a deadline at midnight belongs to the day before."""
    is_overdue: bool
    is_request: bool
    """Nothing is hidden yet."""
    may_approve: bool
    """Somebody else opened it, and fewer than two have approved it."""


def list_page(asked: Asked) -> Response:
    """Return a page of the list; reading it is an entry of the log. Raises KeptGone, ServiceError."""
    key = asked.query("page")
    token = bytes.fromhex(asked.kept.get(_KIND, key)["token"]) if key else b""
    # Each drawing is a reading of its own.
    request = pb.ListShieldCasesRequest(idempotency_key=str(uuid.uuid4()), page_size=_A_PAGE, page_token=token)
    answer = asked.edge.shielding.ListShieldCases(request)
    names = naming.named(asked, people=[one.opened_by for one in answer.cases])
    following = answer.next_page_token
    return asked.show(
        "list_shield_cases/list_shield_cases.html",
        rows=[_row(asked, one, names) for one in answer.cases],
        next_page=asked.kept.put(_KIND, {"token": following.hex()}) if following else "",
        is_first=not key,
    )


def _row(asked: Asked, one: pb.ShieldCase, names: naming.Named) -> CaseRow:
    is_own = one.opened_by == asked.visitor.person_id
    due_at = one.due_at.ToDatetime(UTC) if one.HasField("due_at") else None
    return CaseRow(
        case_id=one.case_id,
        state=states.written(one.state),
        ground=grounds.written(one.ground),
        opened_at=one.opened_at.ToDatetime(UTC),
        opened_by="You" if is_own else names.person(one.opened_by),
        due_by=due_at - timedelta(seconds=1) if due_at else None,
        is_overdue=due_at is not None and due_at < asked.now,
        is_request=one.state == pb.SHIELD_STATE_REQUESTED,
        may_approve=one.state != pb.SHIELD_STATE_ACTIVE and not is_own,
    )
