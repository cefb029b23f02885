"""What the ledger knows of acts that ended, over gRPC; for the operator's command in a restored directory."""

from __future__ import annotations

from collections.abc import Sequence

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.directory.domain.losses import EndedAct, Loss
from services.directory.restore_ports import EndedPage, TakenBack
from services.runtime.channels import PeerChannel


class RemoteEndedActs:
    """Keeps the promises of the port `EndedActs`; that the log is not an older one the channel's metadata see to."""

    def __init__(self, channel: PeerChannel) -> None:
        self._channel = channel
        self._stub = rpc.ProcessServiceStub(channel)

    def after(self, from_index: int) -> EndedPage:
        """Return what the next entries from an index on say; see the port."""
        request = pb.ListEndedActsRequest(from_index=from_index)
        answer = self._channel.call(self._stub.ListEndedActs, request, idempotent=True)
        acts = tuple(EndedAct(one.act_id, one.index, one.lost_digest) for one in answer.acts)
        return EndedPage(acts, answer.next_index, answer.size)

    def take_back(self, part: Sequence[EndedAct], loss: Loss) -> TakenBack:
        """Take some acts of one part of a loss back; see the port."""
        request = pb.LowerHeadsRequest(
            acts=[pb.LostAct(act_id=one.act_id, index=one.index) for one in part],
            parts=loss.part_digests,
            lost_count=len(loss.acts),
        )
        answer = self._channel.call(self._stub.LowerHeads, request, idempotent=True)
        return TakenBack(answer.lowered, answer.closed, answer.remaining)
