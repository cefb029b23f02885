"""The review's RPCs: each translates, calls one use case, and translates back."""

from __future__ import annotations

import grpc
from contactpoint.audit.review.v1 import review_service_pb2 as pb
from contactpoint.audit.review.v1 import review_service_pb2_grpc as rpc

from services.audit.review import translate
from services.audit.review.use_cases.accept_gap import AcceptGap
from services.audit.review.use_cases.accept_loss import AcceptLoss
from services.audit.review.use_cases.list_entries import ListEntries
from services.audit.review.use_cases.list_own_looks import ListOwnLooks
from services.audit.review.use_cases.who_looked_at import WhoLookedAt
from services.runtime.caller import current_caller


class ReviewServicer(rpc.ReviewServiceServicer):
    def __init__(self, *, who_looked_at: WhoLookedAt, list_own_looks: ListOwnLooks, list_entries: ListEntries) -> None:
        self._who_looked_at = who_looked_at
        self._list_own_looks = list_own_looks
        self._list_entries = list_entries

    def WhoLookedAt(self, request: pb.WhoLookedAtRequest, context: grpc.ServicerContext) -> pb.WhoLookedAtResponse:
        found = self._who_looked_at(request.handle, translate.page(request))
        return translate.who_looked_at_response(found)

    def ListOwnLooks(self, request: pb.ListOwnLooksRequest, context: grpc.ServicerContext) -> pb.ListOwnLooksResponse:
        found = self._list_own_looks(translate.page(request))
        return translate.list_own_looks_response(found, current_caller())

    def ListEntries(self, request: pb.ListEntriesRequest, context: grpc.ServicerContext) -> pb.ListEntriesResponse:
        found = self._list_entries(translate.page(request))
        return translate.list_entries_response(found)


class CustodyServicer(rpc.CustodyServiceServicer):
    def __init__(self, *, accept_loss: AcceptLoss, accept_gap: AcceptGap) -> None:
        self._accept_loss = accept_loss
        self._accept_gap = accept_gap

    def AcceptLoss(self, request: pb.AcceptLossRequest, context: grpc.ServicerContext) -> pb.AcceptLossResponse:
        found = self._accept_loss(request.idempotency_key, request.lost_digest, request.lost_count)
        return translate.accept_loss_response(found)

    def AcceptGap(self, request: pb.AcceptGapRequest, context: grpc.ServicerContext) -> pb.AcceptGapResponse:
        return translate.accept_gap_response(self._accept_gap(request.idempotency_key, request.gap_digest))
