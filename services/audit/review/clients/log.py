"""The log itself, over gRPC: the checkpoint and the leaves, which name nobody."""

from __future__ import annotations

from collections.abc import Sequence

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.audit.review.ports import SignedCheckpoint
from services.runtime import deadline
from services.runtime.channels import PeerChannel


class RemoteLog:
    """Keeps the promises of the port `Log`; each call has a deadline of its own, since a log may be long."""

    def __init__(self, channel: PeerChannel) -> None:
        self._channel = channel
        self._stub = rpc.ProcessServiceStub(channel)

    def checkpoint(self) -> SignedCheckpoint:
        with deadline.within(deadline.LONGEST_SECONDS):
            answer = self._channel.call(self._stub.GetCheckpoint, pb.GetCheckpointRequest(), idempotent=True)
        gaps = {gap.index: gap.statement for gap in answer.gaps}
        return SignedCheckpoint(answer.checkpoint, answer.verifier_key, gaps)

    def leaves(self, from_index: int) -> Sequence[bytes]:
        with deadline.within(deadline.LONGEST_SECONDS):
            request = pb.ListLeavesRequest(from_index=from_index)
            return tuple(self._channel.call(self._stub.ListLeaves, request, idempotent=True).leaves)
