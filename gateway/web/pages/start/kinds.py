"""The kinds of work that can wait for somebody: the one place where a desk adds its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contactpoint.directory.v1 import directory_service_pb2 as directory
from contactpoint.shielding.v1 import shielding_service_pb2 as shielding
from google.protobuf.timestamp_pb2 import Timestamp

from gateway.web.asked import Asked


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How much of one kind waits."""

    how_many: int
    overdue: int = 0
    """How many of them should have been done by now."""
    oldest: datetime | None = None
    """Since when the oldest waits."""
    due: datetime | None = None
    """When the next of them is due."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of work: for whom, in which words, where it is done, and how it is counted.

    Counting must be a call that is written down nowhere (AUDIT_NOT_NEEDED) and names nobody: it is made whenever
    somebody comes to the start page.
    """

    permission: str
    words: str
    path: str
    oldest_words: str
    """What the oldest's day is called."""
    count: Callable[[Asked], Waiting]


def _own_children(asked: Asked) -> Waiting:
    answer = asked.edge.directory.CountOwnChildren(directory.CountOwnChildrenRequest())
    oldest = _time(answer.oldest_confirmed_at) if answer.HasField("oldest_confirmed_at") else None
    return Waiting(how_many=answer.due, oldest=oldest if answer.due else None)


def _shield_cases(asked: Asked) -> Waiting:
    answer = asked.edge.shielding.CountShieldCases(shielding.CountShieldCasesRequest())
    return Waiting(
        how_many=answer.waiting,
        overdue=answer.overdue,
        oldest=_time(answer.oldest_opened_at) if answer.HasField("oldest_opened_at") else None,
        # A deadline at midnight is the end of the day before: that is the day to say.
        due=_time(answer.next_due_at) - timedelta(seconds=1) if answer.HasField("next_due_at") else None,
    )


KINDS: tuple[Kind, ...] = (
    Kind(
        permission="involvement.write",
        words="Confirm that you still work with these children",
        path="/children",
        oldest_words="Longest ago confirmed",
        count=_own_children,
    ),
    Kind(
        permission="shield.list",
        words="Shields that wait for an officer",
        path="/shield-cases",
        oldest_words="Oldest",
        count=_shield_cases,
    ),
)


def _time(at: Timestamp) -> datetime:
    return at.ToDatetime(UTC)
