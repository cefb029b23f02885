"""A custodian's acceptance of a gap goes to the ledger under the custodian's own token, and comes back."""

from __future__ import annotations

import grpc
import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as ledger_pb
from contactpoint.audit.review.v1 import review_service_pb2 as pb

from services.audit.review.errors import GapNotReady
from tests.rpc.audit_review.conftest import Stage

GAP = pb.AcceptGapRequest(idempotency_key="8a4f8f0c-7a8e-4a7e-9d8e-0c6f6c1b2a3d", gap_digest=b"g" * 32)


def test_an_acceptance_is_entered_under_the_custodians_token(stage: Stage) -> None:
    answer = stage.custody("AcceptGap", GAP)
    assert answer.receipt.index == stage.ledger.next_index - 1
    (request,) = stage.ledger.requests
    assert request.accept_gap == ledger_pb.AcceptGapEffect(gap_digest=b"g" * 32)
    assert request.idempotency_key == GAP.idempotency_key
    assert stage.ledger.tokens[0]


@pytest.mark.parametrize("role", ["ROLE_AUDITOR", "ROLE_CENTRAL_AUDITOR", "ROLE_NATIONAL_ADMINISTRATOR"])
def test_nobody_else_accepts(stage: Stage, role: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stage.custody("AcceptGap", GAP, role=role)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert stage.ledger.requests == []


def test_what_is_no_gap_is_not_entered(stage: Stage) -> None:
    request = pb.AcceptGapRequest(idempotency_key=GAP.idempotency_key, gap_digest=b"g")
    with pytest.raises(grpc.RpcError) as refused:
        stage.custody("AcceptGap", request)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert stage.ledger.requests == []


def test_the_ledgers_refusal_comes_through(stage: Stage) -> None:
    stage.ledger.refusal = GapNotReady()
    with pytest.raises(grpc.RpcError) as refused:
        stage.custody("AcceptGap", GAP)
    assert refused.value.details() == "GAP_NOT_READY"
