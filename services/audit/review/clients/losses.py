"""Custodians' acceptances, entered in the ledger under the token of the call being served."""

from __future__ import annotations

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.audit.review.domain.entries import Receipt
from services.runtime.channels import PeerChannel
from services.runtime.receipts import ReceiptGuard


class RemoteLosses:
    """Keeps the promises of the port `Losses`."""

    def __init__(self, channel: PeerChannel, guard: ReceiptGuard) -> None:
        self._channel = channel
        self._stub = rpc.LedgerServiceStub(channel)
        self._guard = guard

    def accept(self, idempotency_key: str, lost_digest: bytes, lost_count: int) -> Receipt:
        effect = pb.AcceptLossEffect(lost_digest=lost_digest, lost_count=lost_count)
        return self._enter(pb.EnterRequest(idempotency_key=idempotency_key, accept_loss=effect))

    def accept_gap(self, idempotency_key: str, gap_digest: bytes) -> Receipt:
        effect = pb.AcceptGapEffect(gap_digest=gap_digest)
        return self._enter(pb.EnterRequest(idempotency_key=idempotency_key, accept_gap=effect))

    def _enter(self, request: pb.EnterRequest) -> Receipt:
        answer = self._channel.call(self._stub.Enter, request, idempotent=True, with_act=True)
        # An act that is repeated has the receipt of its first time, which may be old.
        self._guard.saw(answer.receipt.index)
        return Receipt(answer.receipt.index, answer.receipt.leaf)
