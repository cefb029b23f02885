"""Shielding's RPCs: each translates, calls one use case, and translates back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import grpc
from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from contactpoint.shielding.v1 import shielding_service_pb2_grpc as rpc

from services.runtime.caller import current_caller
from services.shielding import translate
from services.shielding.ports import Asked
from services.shielding.sealing import Sealing
from services.shielding.use_cases.approve_shield import ApproveShield
from services.shielding.use_cases.count_shield_cases import CountShieldCases
from services.shielding.use_cases.impose_interim_shield import ImposeInterimShield
from services.shielding.use_cases.list_shield_cases import ListShieldCases
from services.shielding.use_cases.propose_shield import ProposeShield
from services.shielding.use_cases.request_shield import RequestShield


@dataclass(frozen=True, kw_only=True)
class UseCases:
    """Everything shielding does."""

    request_shield: RequestShield
    impose_interim_shield: ImposeInterimShield
    propose_shield: ProposeShield
    approve_shield: ApproveShield
    list_shield_cases: ListShieldCases
    count_shield_cases: CountShieldCases


class ShieldingServicer(rpc.ShieldingServiceServicer):
    def __init__(self, use_cases: UseCases, sealing: Sealing) -> None:
        self._use_cases = use_cases
        self._sealing = sealing

    def RequestShield(
        self, request: pb.RequestShieldRequest, context: grpc.ServicerContext
    ) -> pb.RequestShieldResponse:
        receipt = self._use_cases.request_shield(
            self._asked(request.idempotency_key), handle=request.handle, ground=translate.ground(request.ground)
        )
        return pb.RequestShieldResponse(receipt=translate.receipt(receipt))

    def ImposeInterimShield(
        self, request: pb.ImposeInterimShieldRequest, context: grpc.ServicerContext
    ) -> pb.ImposeInterimShieldResponse:
        receipt = self._use_cases.impose_interim_shield(
            self._asked(request.idempotency_key), handle=request.handle, ground=translate.ground(request.ground)
        )
        return pb.ImposeInterimShieldResponse(receipt=translate.receipt(receipt))

    def ProposeShield(
        self, request: pb.ProposeShieldRequest, context: grpc.ServicerContext
    ) -> pb.ProposeShieldResponse:
        asked = self._asked(request.idempotency_key)
        receipt = self._use_cases.propose_shield(asked, handle=request.handle, ground=translate.ground(request.ground))
        return pb.ProposeShieldResponse(case_id=str(asked.name), receipt=translate.receipt(receipt))

    def ApproveShield(
        self, request: pb.ApproveShieldRequest, context: grpc.ServicerContext
    ) -> pb.ApproveShieldResponse:
        receipt = self._use_cases.approve_shield(
            self._asked(request.idempotency_key), case_id=uuid.UUID(request.case_id)
        )
        return pb.ApproveShieldResponse(receipt=translate.receipt(receipt))

    def ListShieldCases(
        self, request: pb.ListShieldCasesRequest, context: grpc.ServicerContext
    ) -> pb.ListShieldCasesResponse:
        asked = self._asked(request.idempotency_key)
        authority, size = asked.by.authority, translate.page_size(request.page_size)
        found, receipt = self._use_cases.list_shield_cases(
            asked, after=self._sealing.position(authority, request.page_token), limit=size
        )
        return pb.ListShieldCasesResponse(
            cases=translate.cases(found),
            next_page_token=translate.next_page_token(self._sealing, authority, found, size),
            receipt=translate.receipt(receipt),
        )

    def CountShieldCases(
        self, request: pb.CountShieldCasesRequest, context: grpc.ServicerContext
    ) -> pb.CountShieldCasesResponse:
        return translate.counts(self._use_cases.count_shield_cases(translate.authority(current_caller())))

    def _asked(self, idempotency_key: str) -> Asked:
        return translate.asked(current_caller(), self._sealing, idempotency_key)
