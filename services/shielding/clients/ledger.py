"""The ledger, over gRPC: where a shield takes effect."""

from __future__ import annotations

import uuid

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.runtime.channels import PeerChannel
from services.runtime.errors import DependencyUnavailable, NotFound
from services.runtime.receipts import ReceiptGuard
from services.shielding.errors import ChildNotFound
from services.shielding.ports import Act, Entered, Receipt


class RemoteLedger:
    """Keeps the promises of the port `Ledger`."""

    def __init__(self, channel: PeerChannel, guard: ReceiptGuard) -> None:
        self._channel = channel
        self._people = rpc.LedgerServiceStub(channel)
        self._processes = rpc.ProcessServiceStub(channel)
        self._guard = guard

    def enter(self, act: Act) -> Entered:
        try:
            answer = self._channel.call(self._people.Enter, _request(act), idempotent=True, with_act=True)
        except NotFound:
            raise ChildNotFound from None
        # A repeated act brings the receipt of its first time, so it need not be newer than all that we know.
        self._guard.saw(answer.receipt.index)
        return Entered(Receipt(answer.receipt.index, answer.receipt.leaf), answer.number)

    def note(self, idempotency_key: uuid.UUID) -> Receipt:
        request = pb.EnterRequest(idempotency_key=str(idempotency_key), note=pb.NoteEffect())
        answer = self._channel.call(self._people.Enter, request, idempotent=True, with_act=True)
        self._guard.saw(answer.receipt.index)
        return Receipt(answer.receipt.index, answer.receipt.leaf)

    def resume(self, token: str, act: Act) -> Entered | None:
        request = pb.ResumeActRequest(token=token, act=_request(act))
        answer = self._channel.call(self._processes.ResumeAct, request, idempotent=True)
        if answer.state == pb.ACT_STATE_NOT_DONE:
            return None
        if answer.state != pb.ACT_STATE_DONE:
            raise DependencyUnavailable
        self._guard.saw(answer.receipt.index)
        return Entered(Receipt(answer.receipt.index, answer.receipt.leaf), answer.number)


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
