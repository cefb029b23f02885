"""Between wire messages and domain values, for what a restored shielding asks; as `translate.py`."""

from __future__ import annotations

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp

from services.audit.ledger import translate
from services.audit.ledger.use_cases.list_shield_steps import ShieldSteps
from services.audit.ledger.use_cases.lower_heads import LossPart
from services.audit.ledger.use_cases.recover_shield_steps import RecoveredStep, RecoveredSteps


def loss_part(request: pb.RecoverShieldStepsRequest) -> LossPart:
    """Return one part of a loss."""
    return LossPart(
        acts=tuple((one.act_id, one.index) for one in request.acts),
        parts=tuple(request.parts),
        count=request.lost_count,
    )


def steps_answer(found: ShieldSteps) -> pb.ListShieldStepsResponse:
    """Return what some entries say of shields."""
    return pb.ListShieldStepsResponse(
        steps=[pb.ShieldStep(act_id=one.act_id, index=one.index, closes=one.closes) for one in found.steps],
        next_index=found.next_index,
        size=found.size,
    )


def recovered_answer(found: RecoveredSteps) -> pb.RecoverShieldStepsResponse:
    """Return what is known of some steps."""
    return pb.RecoverShieldStepsResponse(
        steps=[_step(one) for one in found.steps], receipt=translate.receipt(found.receipt)
    )


def _step(one: RecoveredStep) -> pb.RecoveredShieldStep:
    at = Timestamp()
    at.FromDatetime(one.at)
    return pb.RecoveredShieldStep(
        receipt=translate.receipt(one.receipt),
        number=one.number,
        person=one.person,
        at=at,
        closes=one.closes,
        authority=one.authority,
    )
