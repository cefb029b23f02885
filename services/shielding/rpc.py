"""Shielding's RPCs: each translates, calls one use case, and translates back."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import grpc
from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from contactpoint.shielding.v1 import shielding_service_pb2_grpc as rpc

from services.runtime.caller import current_caller
from services.shielding import translate
from services.shielding.domain import Officer
from services.shielding.sealing import Sealing
from services.shielding.use_cases.approve_shield import ApproveShield
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


class ShieldingServicer(rpc.ShieldingServiceServicer):
    def __init__(self, use_cases: UseCases, sealing: Sealing) -> None:
        self._use_cases = use_cases
        self._sealing = sealing

    def RequestShield(
        self, request: pb.RequestShieldRequest, context: grpc.ServicerContext
    ) -> pb.RequestShieldResponse:
        by, token, case_id = self._opening(request.idempotency_key)
        receipt = self._use_cases.request_shield(
            by,
            token,
            case_id=case_id,
            idempotency_key=uuid.UUID(request.idempotency_key),
            handle=request.handle,
            ground=translate.ground(request.ground),
        )
        return pb.RequestShieldResponse(receipt=translate.receipt(receipt))

    def ImposeInterimShield(
        self, request: pb.ImposeInterimShieldRequest, context: grpc.ServicerContext
    ) -> pb.ImposeInterimShieldResponse:
        by, token, case_id = self._opening(request.idempotency_key)
        receipt = self._use_cases.impose_interim_shield(
            by,
            token,
            case_id=case_id,
            idempotency_key=uuid.UUID(request.idempotency_key),
            handle=request.handle,
            ground=translate.ground(request.ground),
        )
        return pb.ImposeInterimShieldResponse(receipt=translate.receipt(receipt))

    def ProposeShield(
        self, request: pb.ProposeShieldRequest, context: grpc.ServicerContext
    ) -> pb.ProposeShieldResponse:
        by, token, case_id = self._opening(request.idempotency_key)
        receipt = self._use_cases.propose_shield(
            by,
            token,
            case_id=case_id,
            idempotency_key=uuid.UUID(request.idempotency_key),
            handle=request.handle,
            ground=translate.ground(request.ground),
        )
        return pb.ProposeShieldResponse(case_id=str(case_id), receipt=translate.receipt(receipt))

    def ApproveShield(
        self, request: pb.ApproveShieldRequest, context: grpc.ServicerContext
    ) -> pb.ApproveShieldResponse:
        caller = current_caller()
        receipt = self._use_cases.approve_shield(
            translate.officer(caller),
            translate.token(caller),
            case_id=uuid.UUID(request.case_id),
            idempotency_key=uuid.UUID(request.idempotency_key),
        )
        return pb.ApproveShieldResponse(receipt=translate.receipt(receipt))

    def ListShieldCases(
        self, request: pb.ListShieldCasesRequest, context: grpc.ServicerContext
    ) -> pb.ListShieldCasesResponse:
        by = translate.officer(current_caller())
        size = translate.page_size(request.page_size)
        found, receipt = self._use_cases.list_shield_cases(
            by,
            idempotency_key=uuid.UUID(request.idempotency_key),
            after=self._sealing.position(by.authority, request.page_token),
            limit=size,
        )
        return pb.ListShieldCasesResponse(
            cases=translate.cases(found),
            next_page_token=translate.next_page_token(self._sealing, by, found, size),
            receipt=translate.receipt(receipt),
        )

    def _opening(self, idempotency_key: str) -> tuple[Officer, str, uuid.UUID]:
        caller = current_caller()
        by = translate.officer(caller)
        return by, translate.token(caller), self._sealing.case_id(by.person, caller.method, uuid.UUID(idempotency_key))
