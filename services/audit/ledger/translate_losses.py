"""Between wire messages and domain values, for what a restored directory asks; as `translate.py`."""

from __future__ import annotations

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb

from services.audit.ledger.use_cases.list_ended_acts import EndedActs
from services.audit.ledger.use_cases.lower_heads import LossPart, Lowered


def loss_part(request: pb.LowerHeadsRequest) -> LossPart:
    """Return one part of a loss."""
    return LossPart(
        acts=tuple((one.act_id, one.index) for one in request.acts),
        parts=tuple(request.parts),
        count=request.lost_count,
    )


def ended_acts_answer(found: EndedActs) -> pb.ListEndedActsResponse:
    """Return what some entries say of acts."""
    return pb.ListEndedActsResponse(
        acts=[pb.EndedAct(act_id=one.act_id, index=one.index, lost_digest=one.lost_digest) for one in found.acts],
        next_index=found.next_index,
        size=found.size,
    )


def lowered_answer(found: Lowered) -> pb.LowerHeadsResponse:
    """Return how far a part of a loss is."""
    return pb.LowerHeadsResponse(lowered=found.lowered, closed=found.closed, remaining=found.remaining)
