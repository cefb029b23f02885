"""What the ledger knows of steps of shields, over gRPC; for the operator's command in a restored shielding."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.runtime.channels import PeerChannel
from services.runtime.errors import DependencyUnavailable
from services.shielding.losses import LoggedStep, Loss, RecoveredStep
from services.shielding.ports import Receipt
from services.shielding.restore_ports import LoggedPage, Told


class RemoteLoggedSteps:
    """Keeps the promises of the port `LoggedSteps`; that the log is no older one the channel's metadata see to."""

    def __init__(self, channel: PeerChannel) -> None:
        self._channel = channel
        self._stub = rpc.ProcessServiceStub(channel)

    def after(self, from_index: int) -> LoggedPage:
        request = pb.ListShieldStepsRequest(from_index=from_index)
        answer = self._channel.call(self._stub.ListShieldSteps, request, idempotent=True)
        steps = tuple(LoggedStep(one.act_id, one.index, one.closes) for one in answer.steps)
        return LoggedPage(steps, answer.next_index, answer.size)

    def recover(self, part: Sequence[LoggedStep], position: int, loss: Loss) -> Told:
        request = pb.RecoverShieldStepsRequest(
            acts=[pb.LostAct(act_id=one.act_id, index=one.index) for one in part],
            parts=loss.part_digests,
            lost_count=len(loss.steps),
            position=position,
        )
        answer = self._channel.call(self._stub.RecoverShieldSteps, request, idempotent=True)
        if not answer.steps:
            raise DependencyUnavailable
        return Told(tuple(map(_step, answer.steps)), _receipt(answer.receipt))


def _step(one: pb.RecoveredShieldStep) -> RecoveredStep:
    return RecoveredStep(
        receipt=_receipt(one.receipt),
        number=one.number,
        person=uuid.UUID(one.person),
        at=one.at.ToDatetime(UTC),
        closes=one.closes,
        authority=one.authority,
    )


def _receipt(receipt: pb.Receipt) -> Receipt:
    return Receipt(receipt.index, receipt.leaf)
