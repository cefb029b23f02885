"""WhoLookedAt, ListEntries and ListOwnLooks with every interceptor in place, and a ledger that may misbehave."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
from contactpoint.access.v1 import access_pb2
from contactpoint.audit.review.v1 import review_service_pb2 as pb
from google.protobuf.json_format import MessageToDict
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from clients.verify_log.__main__ import main as verify_log
from services.audit.ledger import errors as ledger_errors
from services.audit.review.errors import PageTokenRefused
from services.audit.review.storage.log_folder import FileLogFolder
from services.audit.review.use_cases.publish import Publish
from services.runtime.errors import (
    BeingChanged,
    CeilingReached,
    DependencyUnavailable,
    NotPermitted,
    ServiceError,
    StandingChanged,
)
from tests.rpc.audit_review.conftest import HANDLE, ORGANISATION, PERSON, SIGNER, Stage
from tests.unit.audit_review.fakes import FakePublishedLog

WHO = pb.WhoLookedAtRequest(handle=HANDLE, page_size=10)


def refusal(call: Callable[[], Any]) -> tuple[grpc.StatusCode, str]:
    """Return the status and reason with which a call is refused."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    status = rpc_status.from_call(caught.value)  # type: ignore[arg-type]  # it is a Call too
    info = error_details_pb2.ErrorInfo()
    assert status is not None
    assert any(detail.Unpack(info) for detail in status.details if detail.Is(info.DESCRIPTOR))
    return caught.value.code(), info.reason


def test_an_auditor_sees_who_looked(stage: Stage) -> None:
    answer = stage.call("WhoLookedAt", WHO)
    assert [look.proof.index for look in answer.looks] == list(range(29, 19, -1))
    look = answer.looks[0]
    assert (look.person, look.organisation, look.role) == (PERSON, ORGANISATION, access_pb2.ROLE_PRACTITIONER)
    assert (look.reason_code, look.reason_text) == ("SAFEGUARDING_CONCERN", "bruise seen in class")
    assert look.act.endswith("/OpenRecord")
    assert list(look.sections) == ["identity", "services"]
    assert {one.outcome for one in answer.looks} == {"ALLOWED", "REFUSED"}
    assert look.at.seconds == 1_760_000_029
    assert (answer.total, answer.next_page_token, answer.receipt.index) == (30, b"sealed", 30)


def test_the_person_s_own_token_goes_on_to_the_ledger_and_the_page_with_it(stage: Stage) -> None:
    stage.call("WhoLookedAt", pb.WhoLookedAtRequest(handle=HANDLE, page_size=7, page_token=b"where I was"))
    (sent,), (token,) = stage.ledger.requests, stage.ledger.tokens
    assert (sent.handle, sent.page_size, sent.page_token) == (HANDLE, 7, b"where I was")
    assert token.count(".") == 2


@pytest.mark.promise("A3")
def test_an_outsider_can_check_what_the_auditor_was_given(stage: Stage, tmp_path: Path) -> None:
    Publish(log=stage.log, folder=FileLogFolder(tmp_path / "log"), published=FakePublishedLog())()
    answer = stage.call("WhoLookedAt", WHO)
    entries, receipts = tmp_path / "entries", tmp_path / "receipts"
    entries.write_text(json.dumps(MessageToDict(answer)))
    receipts.write_text(json.dumps({"index": 5, "leaf": stage.ledger.leaves[5].hex()}))
    said: list[str] = []
    code = verify_log(
        ["--folder", str(tmp_path / "log"), "--key", SIGNER.vkey, "--entry", str(entries), "--receipts", str(receipts)],
        said.append,
    )
    assert code == 0, said
    assert "ok    entries handed over: all 10 lead to the root" in said


def test_own_looks_have_numbers_of_ten_digits(stage: Stage) -> None:
    answer = stage.call("ListOwnLooks", pb.ListOwnLooksRequest(), role="ROLE_PRACTITIONER")
    assert [look.number for look in answer.looks] == ["1234567890", ""]
    assert answer.looks[0].reason_code == "SAFEGUARDING_CONCERN"
    assert stage.ledger.requests[0].page_size == 20
    stage.ledger.change = lambda answer: setattr(answer.entries[1], "number", 1000000003)
    answer = stage.call("ListOwnLooks", pb.ListOwnLooksRequest(page_size=5), role="ROLE_PRACTITIONER")
    assert [look.number for look in answer.looks] == ["1234567890", "1000000003"]


def test_entries_of_an_organisation_name_no_child(stage: Stage) -> None:
    answer = stage.call("ListEntries", pb.ListEntriesRequest(page_size=200))
    assert [entry.index for entry in answer.entries] == list(range(29, -1, -1))
    assert {entry.children for entry in answer.entries} == {1}
    assert (stage.ledger.requests[0].organisation, stage.ledger.requests[0].page_size) == (True, 50)
    assert b"t" * 32 not in answer.SerializeToString()


@pytest.mark.parametrize("method, request_", [("WhoLookedAt", WHO), ("ListEntries", pb.ListEntriesRequest())])
@pytest.mark.parametrize("role", ["ROLE_PRACTITIONER", "ROLE_SHIELD_OFFICER", "ROLE_USER_ADMINISTRATOR"])
def test_who_is_no_auditor_sees_nothing(stage: Stage, method: str, request_: Any, role: str) -> None:
    code, _ = refusal(lambda: stage.call(method, request_, role=role))
    assert code is grpc.StatusCode.PERMISSION_DENIED
    assert stage.ledger.requests == []


def test_a_handle_of_no_child_is_not_found(stage: Stage) -> None:
    asked = pb.WhoLookedAtRequest(handle=b"x" * 64)
    assert refusal(lambda: stage.call("WhoLookedAt", asked)) == (grpc.StatusCode.NOT_FOUND, "NOT_FOUND")


@pytest.mark.parametrize(
    "error", [NotPermitted(), StandingChanged(), BeingChanged(), CeilingReached(), PageTokenRefused()], ids=repr
)
def test_the_ledger_s_refusals_come_through(stage: Stage, error: ServiceError) -> None:
    stage.ledger.refusal = error
    code, reason = refusal(lambda: stage.call("WhoLookedAt", WHO))
    assert (code.name, reason) == (error.status, error.reason)
    assert len(stage.ledger.requests) == 1


@pytest.mark.promise("S5")
@pytest.mark.parametrize(
    "method, request_, role",
    [
        ("WhoLookedAt", WHO, "ROLE_AUDITOR"),
        ("ListEntries", pb.ListEntriesRequest(), "ROLE_CENTRAL_AUDITOR"),
        ("ListOwnLooks", pb.ListOwnLooksRequest(), "ROLE_PRACTITIONER"),
    ],
)
def test_a_ledger_older_than_a_receipt_in_hand_is_refused(stage: Stage, method: str, request_: Any, role: str) -> None:
    stage.call(method, request_, role=role)
    stage.guard.write()
    assert stage.kept.index == 30
    stage.ledger.next_index = 30
    behind = (grpc.StatusCode.UNAVAILABLE, "LEDGER_BEHIND")
    assert refusal(lambda: stage.call(method, request_, role=role)) == behind
    stage.ledger.change = lambda answer: answer.ClearField("receipt")
    assert refusal(lambda: stage.call(method, request_, role=role)) == behind
    stage.ledger.change = lambda _: None
    stage.ledger.next_index = 40
    assert stage.call(method, request_, role=role).receipt.index == 40


@pytest.mark.promise("D3")
@pytest.mark.parametrize(
    "change, reason",
    [
        (lambda answer: setattr(answer.entries[0], "body", b"\xff\xff"), "DEPENDENCY_UNAVAILABLE"),
        (lambda answer: setattr(answer.entries[3], "salt", bytes(32)), "LOG_NOT_PROVABLE"),
        (lambda answer: setattr(answer.entries[3], "index", 3), "LOG_NOT_PROVABLE"),
        (lambda answer: setattr(answer, "checkpoint", ""), "LOG_NOT_PROVABLE"),
        (lambda answer: answer.entries[9].inclusion_proof.append(bytes(32)), "LOG_NOT_PROVABLE"),
    ],
)
def test_a_ledger_that_sends_garbage_shows_nothing(stage: Stage, change: Callable[[Any], None], reason: str) -> None:
    stage.ledger.change = change
    assert refusal(lambda: stage.call("WhoLookedAt", WHO))[1] == reason
    assert refusal(lambda: stage.call("ListEntries", pb.ListEntriesRequest(page_size=10)))[1] == reason


def test_a_reading_is_never_repeated_by_itself(stage: Stage) -> None:
    stage.ledger.refusal = DependencyUnavailable()
    refusal(lambda: stage.call("WhoLookedAt", WHO))
    assert len(stage.ledger.requests) == 1


def test_a_page_token_is_refused_in_the_ledger_s_words() -> None:
    ours, theirs = PageTokenRefused, ledger_errors.PageTokenRefused
    assert (ours.status, ours.reason, ours.sentence) == (theirs.status, theirs.reason, theirs.sentence)
