"""The ledger, over gRPC: where a shield takes effect."""

from __future__ import annotations

import uuid

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.runtime.channels import PeerChannel
from services.runtime.errors import DependencyUnavailable
from services.runtime.receipts import ReceiptGuard
from services.shielding.errors import ActGivenUp
from services.shielding.ports import Act, Entered, Pending, Receipt


class RemoteLedger:
    """Keeps the promises of the port `Ledger`.

    The channel must forward refusals of reasons that shielding does not know, so that a plain no is taken for no maybe.
    """

    def __init__(self, channel: PeerChannel, guard: ReceiptGuard) -> None:
        self._channel = channel
        self._people = rpc.LedgerServiceStub(channel)
        self._processes = rpc.ProcessServiceStub(channel)
        self._guard = guard

    def newest_index(self) -> int:
        return self._guard.newest()

    def enter(self, act: Act, *, known_index: int) -> Entered:
        # Not repeated by the channel: only then does a plain no say that nothing was entered, whatever answer was lost.
        answer = self._channel.call(self._people.Enter, _request(act), idempotent=False, with_act=True)
        if answer.state == pb.ACT_STATE_NOT_DONE:
            raise ActGivenUp
        return self._entered(answer, known_index)

    def note(self, idempotency_key: uuid.UUID) -> Receipt:
        request = pb.EnterRequest(idempotency_key=str(idempotency_key), note=pb.NoteEffect())
        with self._guard.newer() as awaited:
            answer = self._channel.call(self._people.Enter, request, idempotent=True, with_act=True)
            awaited.index = answer.receipt.index
        return _receipt(answer.receipt)

    def resume(self, pending: Pending) -> Entered | None:
        request = pb.ResumeActRequest(token=pending.token, act=_request(pending.act))
        answer = self._channel.call(self._processes.ResumeAct, request, idempotent=True)
        if answer.state == pb.ACT_STATE_NOT_DONE:
            return None
        return self._entered(answer, pending.known_index)

    def _entered(self, answer: pb.EnterResponse | pb.ResumeActResponse, known_index: int) -> Entered:
        if answer.state != pb.ACT_STATE_DONE:
            raise DependencyUnavailable
        # Not newer than all that is known now: a repeated act brings the receipt of its first time. But newer than what
        # was known before it first began, or this log has forgotten something.
        self._guard.check(answer.receipt.index, known=known_index)
        return Entered(_receipt(answer.receipt), answer.number)


def _receipt(receipt: pb.Receipt) -> Receipt:
    return Receipt(receipt.index, receipt.leaf)


def _request(act: Act) -> pb.EnterRequest:
    child, key = act.child, str(act.idempotency_key)
    if not act.closes:
        return pb.EnterRequest(idempotency_key=key, note=pb.NoteEffect(handle=child.handle, number=child.number))
    effect = (
        pb.CloseChildEffect(handle=child.handle, interim=act.is_interim)
        if child.handle
        else pb.CloseChildEffect(number=child.number, interim=act.is_interim)
    )
    return pb.EnterRequest(idempotency_key=key, close_child=effect)
