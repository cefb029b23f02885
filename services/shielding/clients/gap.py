"""Shields entered again after the ledger lost entries, over gRPC."""

from __future__ import annotations

from collections.abc import Sequence

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.runtime import deadline
from services.runtime.channels import PeerChannel
from services.shielding.ports import Hidden


class RemoteGap:
    """Keeps the promises of the port `Gap`."""

    def __init__(self, channel: PeerChannel) -> None:
        self._channel = channel
        self._stub = rpc.ProcessServiceStub(channel)

    def reenter(self, hidden: Sequence[Hidden], *, newest: int, is_complete: bool) -> tuple[int, int]:
        request = pb.ReenterShieldsRequest(
            children=[_child(one) for one in hidden], newest_index=max(newest, 0), complete=is_complete
        )
        with deadline.within(deadline.LONGEST_SECONDS):
            answer = self._channel.call(self._stub.ReenterShields, request, idempotent=True)
        return answer.closed, answer.unknown


def _child(hidden: Hidden) -> pb.HiddenChild:
    persons = [str(person) for person in hidden.closed_by]
    if hidden.child.handle:
        return pb.HiddenChild(handle=hidden.child.handle, closed_by=persons)
    return pb.HiddenChild(number=hidden.child.number, closed_by=persons)
