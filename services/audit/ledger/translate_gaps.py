"""Between wire messages and what is said of a gap in the log."""

from __future__ import annotations

from collections.abc import Sequence

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb

from services.audit.ledger.use_cases.reenter_shields import Closed, HiddenChild
from services.audit.ledger.use_cases.reenter_standings import HeldStanding


def hidden(request: pb.ReenterShieldsRequest) -> Sequence[HiddenChild]:
    """Return the children that shielding holds as hidden."""
    return [
        HiddenChild(number=one.number, handle=one.handle, closed_by=tuple(one.closed_by)) for one in request.children
    ]


def closed_answer(found: Closed) -> pb.ReenterShieldsResponse:
    """Return what was news."""
    return pb.ReenterShieldsResponse(closed=found.closed, unknown=found.unknown)


def held(request: pb.ReenterStandingsRequest) -> Sequence[HeldStanding]:
    """Return the standings that identity holds."""
    return [HeldStanding(one.party.kind, one.party.id, one.digest) for one in request.standings]
