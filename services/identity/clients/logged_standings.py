"""What the ledger knows of standings, over gRPC; for the operator's command in a restored identity."""

from __future__ import annotations

from collections.abc import Sequence

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.identity.domain.acts import Receipt
from services.identity.domain.losses import SERVICE, LoggedChange, Loss, LostStanding
from services.identity.domain.standing import Party
from services.identity.restore_ports import LoggedPage, Returned
from services.runtime.channels import PeerChannel


class RemoteLoggedStandings:
    """Keeps the promises of the port `LoggedStandings`; that the log is no older one the channel's metadata see to."""

    def __init__(self, channel: PeerChannel) -> None:
        self._channel = channel
        self._stub = rpc.ProcessServiceStub(channel)

    def after(self, from_index: int) -> LoggedPage:
        request = pb.ListStandingChangesRequest(from_index=from_index)
        answer = self._channel.call(self._stub.ListStandingChanges, request, idempotent=True)
        return LoggedPage(tuple(map(_change, answer.changes)), answer.next_index, answer.size)

    def reissue(self, part: Sequence[LostStanding], loss: Loss, returned: Sequence[Returned]) -> Receipt | None:
        request = pb.ReissueStandingsRequest(
            acts=[pb.LostAct(act_id=one.act_id, index=one.index) for lost in part for one in lost.changes],
            parts=loss.part_digests,
            lost_count=len(loss.changes),
            standings=[
                pb.ReissuedStanding(
                    party=pb.Party(kind=one.lost.party.kind, id=one.lost.party.id),
                    first_index=one.lost.changes[-1].index,
                    last_index=one.lost.changes[0].index,
                    digest=one.digest,
                    # Nobody accepts it, so the ledger reads for itself that it is stopped.
                    standing=one.content if one.lost.party.kind == SERVICE else b"",
                )
                for one in returned
            ],
        )
        answer = self._channel.call(self._stub.ReissueStandings, request, idempotent=True)
        if not answer.HasField("receipt"):
            return None
        return Receipt(index=answer.receipt.index, leaf=answer.receipt.leaf)


def _change(said: pb.StandingChange) -> LoggedChange:
    return LoggedChange(
        party=Party(said.party.kind, said.party.id),
        act_id=said.act_id,
        index=said.index,
        change=said.change,
        digest=said.digest,
        replaced_digest=said.replaced_digest,
        held_digest=said.held_digest,
        lost_digest=said.lost_digest,
    )
