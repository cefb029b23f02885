"""The ledger as shielding's client sees it: behind the real checks of certificate and token, with a log of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import grpc
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.runtime.caller import current_caller
from services.runtime.errors import KeyReused, NotFound


@dataclass
class FakeLedgerServicer(rpc.LedgerServiceServicer, rpc.ProcessServiceServicer):
    """Enters acts by person, method and key; `instead` takes over where it is set."""

    numbers: dict[bytes, int] = field(default_factory=dict)
    closed: dict[int, bool] = field(default_factory=dict)
    index: int = 100
    asked: list[pb.EnterRequest] = field(default_factory=list)
    resumed: list[pb.ResumeActRequest] = field(default_factory=list)
    instead: Callable[[pb.EnterRequest], pb.EnterResponse] | None = None
    late: pb.ResumeActResponse | None = None
    _acts: dict[bytes, tuple[str, pb.EnterResponse]] = field(default_factory=dict)

    def Enter(self, request: pb.EnterRequest, context: grpc.ServicerContext) -> pb.EnterResponse:
        self.asked.append(request)
        return (self.instead or self.entered)(request)

    def ResumeAct(self, request: pb.ResumeActRequest, context: grpc.ServicerContext) -> pb.ResumeActResponse:
        self.resumed.append(request)
        return self.late or pb.ResumeActResponse(state=pb.ACT_STATE_NOT_DONE)

    def entered(self, request: pb.EnterRequest) -> pb.EnterResponse:
        act = current_caller().act
        assert act is not None
        act_id = hashlib.sha256(f"{act.sub}|{act.mth}|{request.idempotency_key}".encode()).digest()
        if act_id not in self._acts:
            self._acts[act_id] = (act.req, self._made(act_id, request))
        digest, answer = self._acts[act_id]
        if digest != act.req:
            raise KeyReused
        return answer

    def _made(self, act_id: bytes, request: pb.EnterRequest) -> pb.EnterResponse:
        effect = request.close_child if request.HasField("close_child") else request.note
        number = effect.number or self.numbers.get(effect.handle, 0)
        if effect.handle and not number:
            raise NotFound
        if request.HasField("close_child"):
            self.closed[number] = request.close_child.interim
        self.index += 1
        leaf = hashlib.sha256(str(self.index).encode()).digest()
        receipt = pb.Receipt(index=self.index, leaf=leaf)
        return pb.EnterResponse(receipt=receipt, act_id=act_id, state=pb.ACT_STATE_DONE, number=number)
