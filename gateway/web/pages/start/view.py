"""Draws the work list: what waits for the visitor, how much, since when, until when."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from gateway.web.asked import Asked
from gateway.web.pages.start.kinds import KINDS, Kind, Waiting
from services.runtime.errors import ServiceError

_STAYS = frozenset({"SESSION_ENDED", "NOT_AUTHENTICATED"})


@dataclass(frozen=True)
class _Line:
    """One kind of work, and how much of it waits; None where it could not be counted now."""

    kind: Kind
    waiting: Waiting | None


def draw(asked: Asked) -> Response:
    """Show what waits for the visitor."""
    lines = [_line(asked, kind) for kind in KINDS if asked.visitor.may(kind.permission)]
    return asked.show(
        "start/start.html",
        lines=lines,
        # Which losses wait the ledger does not know before they are accepted: a command of the operator's found them.
        is_custodian=asked.visitor.may("custody.accept"),
        may_search=asked.visitor.may("record.search"),
        was_searching=asked.visitor.may("record.search") and bool(asked.typed.read()),
    )


def _line(asked: Asked, kind: Kind) -> _Line:
    try:
        return _Line(kind, kind.count(asked))
    except ServiceError as refused:
        if refused.reason in _STAYS or refused.reason.startswith("CONDITION_LAPSED"):
            raise
        # One desk that does not answer must not keep anybody from searching.
        return _Line(kind, None)
