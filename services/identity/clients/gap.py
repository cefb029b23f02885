"""Standings entered again after the ledger lost entries, over gRPC."""

from __future__ import annotations

from collections.abc import Mapping

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.identity.domain.standing import Party
from services.runtime import deadline
from services.runtime.channels import PeerChannel


class RemoteGap:
    """Keeps the promises of the port `Gap`."""

    def __init__(self, channel: PeerChannel) -> None:
        self._channel = channel
        self._stub = rpc.ProcessServiceStub(channel)

    def reenter(self, held: Mapping[Party, bytes], *, newest: int, is_complete: bool) -> int:
        request = pb.ReenterStandingsRequest(
            standings=[
                pb.HeldStanding(party=pb.Party(kind=party.kind, id=party.id), digest=digest)
                for party, digest in held.items()
            ],
            newest_index=max(newest, 0),
            complete=is_complete,
        )
        with deadline.within(deadline.LONGEST_SECONDS):
            return self._channel.call(self._stub.ReenterStandings, request, idempotent=True).changed
