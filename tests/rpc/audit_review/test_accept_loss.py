"""A custodian's acceptance goes to the ledger under the custodian's own token, and comes back with its receipt."""

from __future__ import annotations

import grpc
import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as ledger_pb
from contactpoint.audit.review.v1 import review_service_pb2 as pb

from services.runtime.errors import KeyReused
from tests.rpc.audit_review.conftest import Stage

LOSS = pb.AcceptLossRequest(idempotency_key="8a4f8f0c-7a8e-4a7e-9d8e-0c6f6c1b2a3d", lost_digest=b"d" * 32, lost_count=7)


def test_an_acceptance_is_entered_under_the_custodians_token(stage: Stage) -> None:
    answer = stage.custody("AcceptLoss", LOSS)
    assert answer.receipt.index == stage.ledger.next_index - 1
    (request,) = stage.ledger.requests
    assert request.accept_loss == ledger_pb.AcceptLossEffect(lost_digest=b"d" * 32, lost_count=7)
    assert request.idempotency_key == LOSS.idempotency_key
    assert stage.ledger.tokens[0]


@pytest.mark.parametrize("role", ["ROLE_AUDITOR", "ROLE_CENTRAL_AUDITOR", "ROLE_NATIONAL_ADMINISTRATOR"])
def test_nobody_else_accepts(stage: Stage, role: str) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        stage.custody("AcceptLoss", LOSS, role=role)
    assert refused.value.code() is grpc.StatusCode.PERMISSION_DENIED
    assert stage.ledger.requests == []


@pytest.mark.parametrize("wrong", [{"lost_digest": b"d"}, {"lost_count": 0}, {"idempotency_key": "again"}])
def test_what_is_no_loss_is_not_entered(stage: Stage, wrong: dict[str, object]) -> None:
    request = pb.AcceptLossRequest(**{**{f.name: v for f, v in LOSS.ListFields()}, **wrong})
    with pytest.raises(grpc.RpcError) as refused:
        stage.custody("AcceptLoss", request)
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert stage.ledger.requests == []


def test_the_ledgers_refusal_comes_through(stage: Stage) -> None:
    stage.ledger.refusal = KeyReused()
    with pytest.raises(grpc.RpcError) as refused:
        stage.custody("AcceptLoss", LOSS)
    assert refused.value.details() == "IDEMPOTENCY_KEY_REUSED"
