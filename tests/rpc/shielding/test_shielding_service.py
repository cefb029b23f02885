"""Shields over real gRPC: the five methods, their refusals, and what the ledger is sent."""

from __future__ import annotations

import time
import uuid
from dataclasses import replace

import grpc
import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as ledger_pb
from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from google.protobuf.message import Message

from services.runtime.errors import (
    Blame,
    DependencyUnavailable,
    NotAuthenticated,
    NotPermitted,
    ServiceError,
    StandingChanged,
)
from services.shielding.domain import Ground, ShieldState
from tests.rpc.runtime.refusals import refused
from tests.rpc.shielding.conftest import (
    COLLEAGUE,
    ELSEWHERE,
    HANDLE,
    NUMBER,
    NURSE,
    OFFICER,
    SERVICE,
    SOCIAL_WORKER,
    Person,
    ShieldingStack,
    approval,
    opening,
)

NOTHING_FOUND = ("NOT_FOUND", "NOT_FOUND")


def refusing(error: ServiceError) -> object:
    def instead(_: ledger_pb.EnterRequest) -> ledger_pb.EnterResponse:
        raise error

    return instead


def requested(shielding: ShieldingStack) -> str:
    shielding.call(NURSE, opening(pb.RequestShieldRequest))
    (case_id,) = shielding.cases.cases
    return str(case_id)


# what each method does


def test_a_request_is_an_entry_and_closes_nothing(shielding: ShieldingStack) -> None:
    answer = shielding.call(NURSE, opening(pb.RequestShieldRequest))
    assert (answer.receipt.index, len(answer.receipt.leaf)) == (101, 32)
    (sent,) = shielding.ledger.asked
    assert sent.note.handle == HANDLE
    assert shielding.ledger.closed == {}


def test_an_interim_shield_closes_before_the_call_returns(shielding: ShieldingStack) -> None:
    shielding.call(SOCIAL_WORKER, opening(pb.ImposeInterimShieldRequest))
    (sent,) = shielding.ledger.asked
    assert (sent.close_child.handle, sent.close_child.interim) == (HANDLE, True)
    assert shielding.ledger.closed == {NUMBER: True}


def test_a_proposal_names_its_case_to_the_second_officer(shielding: ShieldingStack) -> None:
    answer = shielding.call(OFFICER, opening(pb.ProposeShieldRequest))
    assert shielding.ledger.closed == {NUMBER: True}
    shielding.call(COLLEAGUE, approval(answer.case_id))
    assert shielding.ledger.closed == {NUMBER: False}
    assert shielding.ledger.asked[-1].close_child.number == NUMBER


def test_a_request_is_approved_by_two_officers(shielding: ShieldingStack) -> None:
    case_id = requested(shielding)
    shielding.call(OFFICER, approval(case_id))
    assert shielding.ledger.closed == {NUMBER: True}
    assert refused(lambda: shielding.call(OFFICER, approval(case_id))) == (
        "FAILED_PRECONDITION",
        "SECOND_OFFICER_NEEDED",
    )
    shielding.call(COLLEAGUE, approval(case_id))
    assert shielding.ledger.closed == {NUMBER: False}
    assert refused(lambda: shielding.call(COLLEAGUE, approval(case_id))) == ("FAILED_PRECONDITION", "SHIELD_STANDS")


def test_the_list_has_cases_without_a_child(shielding: ShieldingStack) -> None:
    case_id = requested(shielding)
    answer = shielding.call(OFFICER, pb.ListShieldCasesRequest(idempotency_key=str(uuid.uuid4())))
    (case,) = answer.cases
    assert (case.case_id, case.state, case.ground, case.opened_by) == (
        case_id,
        pb.SHIELD_STATE_REQUESTED,
        pb.GROUND_ADOPTION,
        NURSE.id,
    )
    assert case.due_at.seconds > case.opened_at.seconds
    assert (answer.receipt.index, answer.next_page_token) == (102, b"")
    assert str(NUMBER).encode() not in answer.SerializeToString()


def test_a_case_made_anew_after_a_restore_says_so_and_has_no_ground(shielding: ShieldingStack) -> None:
    case_id = uuid.UUID(requested(shielding))
    case, number = shielding.cases.cases[case_id]
    shielding.cases.cases[case_id] = (replace(case, ground=Ground.LOST), number)
    (shown,) = shielding.call(OFFICER, pb.ListShieldCasesRequest(idempotency_key=str(uuid.uuid4()))).cases
    assert (shown.is_recovered, shown.ground) == (True, pb.GROUND_UNSPECIFIED)


def test_the_list_comes_in_pages(shielding: ShieldingStack) -> None:
    for _ in range(3):
        shielding.call(NURSE, opening(pb.RequestShieldRequest))
        shielding.clock.move(1)
    seen, token = [], b""
    for expected in (2, 1):
        request = pb.ListShieldCasesRequest(idempotency_key=str(uuid.uuid4()), page_size=2, page_token=token)
        page = shielding.call(OFFICER, request)
        assert len(page.cases) == expected
        seen += [case.case_id for case in page.cases]
        token = page.next_page_token
    assert len(set(seen)) == 3
    request = pb.ListShieldCasesRequest(idempotency_key=str(uuid.uuid4()), page_size=2, page_token=b"x" * 60)
    assert refused(lambda: shielding.call(OFFICER, request)) == ("INVALID_ARGUMENT", "INVALID_REQUEST")


def test_a_retry_is_the_same_act(shielding: ShieldingStack) -> None:
    request = opening(pb.ProposeShieldRequest)
    first = shielding.call(OFFICER, request)
    assert shielding.call(OFFICER, request) == first
    assert len(shielding.ledger.asked) == 1
    request.ground = pb.GROUND_DOMESTIC_ABUSE
    assert refused(lambda: shielding.call(OFFICER, request)) == ("FAILED_PRECONDITION", "IDEMPOTENCY_KEY_REUSED")


def test_the_same_key_of_two_people_is_two_acts(shielding: ShieldingStack) -> None:
    request = opening(pb.ProposeShieldRequest)
    cases = {shielding.call(person, request).case_id for person in (OFFICER, COLLEAGUE)}
    assert len(cases) == 2


# who may


@pytest.mark.parametrize(
    "person, kind",
    [
        (NURSE, pb.ImposeInterimShieldRequest),
        (NURSE, pb.ProposeShieldRequest),
        (SOCIAL_WORKER, pb.ProposeShieldRequest),
        (OFFICER, pb.RequestShieldRequest),
        (OFFICER, pb.ImposeInterimShieldRequest),
    ],
)
def test_each_role_does_its_own(shielding: ShieldingStack, person: Person, kind: type[Message]) -> None:
    assert refused(lambda: shielding.call(person, opening(kind))) == ("PERMISSION_DENIED", "NOT_PERMITTED")
    assert not shielding.ledger.asked


def test_nobody_but_an_officer_approves_or_lists(shielding: ShieldingStack) -> None:
    case_id = requested(shielding)
    for person in (NURSE, SOCIAL_WORKER):
        for request in (approval(case_id), pb.ListShieldCasesRequest(idempotency_key=str(uuid.uuid4()))):
            assert refused(lambda p=person, r=request: shielding.call(p, r)) == (  # type: ignore[misc]
                "PERMISSION_DENIED",
                "NOT_PERMITTED",
            )


def test_another_authoritys_officer_finds_nothing(shielding: ShieldingStack) -> None:
    case_id = requested(shielding)
    answers = {
        refused(lambda one=one: shielding.call(ELSEWHERE, approval(one)))  # type: ignore[misc]
        for one in (case_id, str(uuid.uuid4()))
    }
    assert answers == {NOTHING_FOUND}
    listed = shielding.call(ELSEWHERE, pb.ListShieldCasesRequest(idempotency_key=str(uuid.uuid4())))
    assert not listed.cases


def test_whoever_belongs_to_no_authority_is_told(shielding: ShieldingStack) -> None:
    nobody = Person(str(uuid.UUID(int=9)), "ROLE_PRACTITIONER", None)
    assert refused(lambda: shielding.call(nobody, opening(pb.RequestShieldRequest))) == (
        "FAILED_PRECONDITION",
        "NO_AUTHORITY",
    )
    assert not shielding.cases.pending


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "directory"},
        {"mth": SERVICE + "ProposeShield"},
        {"req": "0" * 64},
        {"cnf": "0" * 64},
        {"env": "production"},
        {"iat": int(time.time()) - 60, "exp": int(time.time()) - 50},
    ],
)
def test_a_token_for_something_else_opens_nothing(shielding: ShieldingStack, changed: dict[str, object]) -> None:
    assert refused(lambda: shielding.call(NURSE, opening(pb.RequestShieldRequest), **changed)) == (
        "UNAUTHENTICATED",
        "NOT_AUTHENTICATED",
    )


@pytest.mark.parametrize("process", ["directory", "identity", "audit.ledger", "gateway.web"])
def test_nobody_but_the_edge_calls(shielding: ShieldingStack, process: str) -> None:
    issued = shielding.behind.authority.process(process, name=f"caller-{process}")
    request = opening(pb.RequestShieldRequest)
    sent = request.SerializeToString()
    token = shielding.token(NURSE, "RequestShield", sent, cnf=issued.thumbprint)
    call = shielding.channel(issued).unary_unary(SERVICE + "RequestShield", None, None)
    said = refused(lambda: call(sent, timeout=3, metadata=(("contactpoint-act", token),)))
    assert said == ("PERMISSION_DENIED", "NOT_PERMITTED")


@pytest.mark.parametrize(
    "request_",
    [
        opening(pb.RequestShieldRequest, handle=b"short"),
        opening(pb.RequestShieldRequest, key="no uuid"),
        opening(pb.RequestShieldRequest, ground=pb.GROUND_UNSPECIFIED),
        opening(pb.RequestShieldRequest, ground=9),
    ],
)
def test_a_request_of_another_shape_is_refused(shielding: ShieldingStack, request_: pb.RequestShieldRequest) -> None:
    assert refused(lambda: shielding.call(NURSE, request_)) == ("INVALID_ARGUMENT", "INVALID_REQUEST")


# what the ledger says


def test_a_handle_of_no_child_is_nothing_found(shielding: ShieldingStack) -> None:
    request = opening(pb.ImposeInterimShieldRequest, handle=b"x" * 64)
    assert refused(lambda: shielding.call(SOCIAL_WORKER, request)) == NOTHING_FOUND
    assert (shielding.cases.cases, shielding.cases.pending) == ({}, {})


class LedgersOwn(ServiceError):
    """A refusal of the ledger's that shielding has no class for."""

    status = "FAILED_PRECONDITION"
    reason = "LEDGERS_OWN"
    blame: Blame = "system"


def of_a_reason_unknown_here() -> ServiceError:
    error = LedgersOwn()
    error.reason = "NOBODY_KNOWS_THIS"
    return error


@pytest.mark.parametrize(
    "error, said",
    [
        (StandingChanged(), ("ABORTED", "STANDING_CHANGED")),
        (NotPermitted(), ("PERMISSION_DENIED", "NOT_PERMITTED")),
        (NotAuthenticated(), ("UNAUTHENTICATED", "NOT_AUTHENTICATED")),
        (of_a_reason_unknown_here(), ("FAILED_PRECONDITION", "NOBODY_KNOWS_THIS")),
    ],
)
def test_a_plain_no_is_handed_on_and_leaves_nothing(
    shielding: ShieldingStack, error: ServiceError, said: tuple[str, str]
) -> None:
    shielding.ledger.instead = refusing(error)  # type: ignore[assignment]
    assert refused(lambda: shielding.call(SOCIAL_WORKER, opening(pb.ImposeInterimShieldRequest))) == said
    assert shielding.cases.pending == {}


def test_a_silent_ledger_leaves_a_step_that_is_driven_on_with_its_first_token(shielding: ShieldingStack) -> None:
    shielding.ledger.instead = refusing(DependencyUnavailable())  # type: ignore[assignment]
    request = opening(pb.ImposeInterimShieldRequest)
    assert refused(lambda: shielding.call(SOCIAL_WORKER, request)) == ("UNAVAILABLE", "DEPENDENCY_UNAVAILABLE")
    assert len(shielding.ledger.asked) == 1
    (pending,) = shielding.cases.pending.values()
    receipt = ledger_pb.Receipt(index=150, leaf=b"l" * 32)
    shielding.ledger.late = ledger_pb.ResumeActResponse(receipt=receipt, state=ledger_pb.ACT_STATE_DONE, number=NUMBER)
    shielding.clock.move(11)
    shielding.drive_on()
    (resumed,) = shielding.ledger.resumed
    assert (resumed.token, resumed.act) == (pending.token, shielding.ledger.asked[0])
    (found,) = shielding.cases.cases.values()
    assert (found[0].state, found[1]) == (ShieldState.INTERIM, NUMBER)
    assert shielding.guard.newest() == 150


def test_a_no_after_a_lost_yes_leaves_no_closed_child_without_a_case(shielding: ShieldingStack) -> None:
    """The record is closed, the answer is lost, and whoever closed it is suspended: the case must be driven on."""

    def closed_then_suspended(request: ledger_pb.EnterRequest) -> ledger_pb.EnterResponse:
        if len(shielding.ledger.asked) > 1:
            raise StandingChanged
        raise DependencyUnavailable

    shielding.ledger.instead = closed_then_suspended
    refused(lambda: shielding.call(SOCIAL_WORKER, opening(pb.ImposeInterimShieldRequest)))
    assert len(shielding.cases.pending) == 1


def test_an_act_that_was_given_up_says_so(shielding: ShieldingStack) -> None:
    def given_up(_: ledger_pb.EnterRequest) -> ledger_pb.EnterResponse:
        receipt = ledger_pb.Receipt(index=7, leaf=b"l" * 32)
        return ledger_pb.EnterResponse(receipt=receipt, act_id=b"a" * 32, state=ledger_pb.ACT_STATE_NOT_DONE)

    shielding.ledger.instead = given_up
    assert refused(lambda: shielding.call(SOCIAL_WORKER, opening(pb.ImposeInterimShieldRequest))) == (
        "ABORTED",
        "ACT_GIVEN_UP",
    )
    assert (shielding.cases.cases, shielding.cases.pending) == ({}, {})


def test_a_ledger_that_went_back_is_not_believed(shielding: ShieldingStack) -> None:
    requested(shielding)
    shielding.guard.saw(500)
    behind = ("UNAVAILABLE", "LEDGER_BEHIND")
    assert refused(lambda: shielding.call(SOCIAL_WORKER, opening(pb.ImposeInterimShieldRequest))) == behind
    reading = pb.ListShieldCasesRequest(idempotency_key=str(uuid.uuid4()))
    assert refused(lambda: shielding.call(OFFICER, reading)) == behind
    # Nor by the sweeper: what it says of an act that began when 500 was known must be newer.
    receipt = ledger_pb.Receipt(index=103, leaf=b"l" * 32)
    shielding.ledger.late = ledger_pb.ResumeActResponse(receipt=receipt, state=ledger_pb.ACT_STATE_DONE, number=NUMBER)
    shielding.clock.move(11)
    shielding.drive_on()
    assert len(shielding.cases.pending) == 1


def test_a_repeated_act_may_bring_an_old_receipt(shielding: ShieldingStack) -> None:
    """Its answer was lost and others came after it: the receipt is older than all, and newer than before it began."""
    made: list[ledger_pb.EnterResponse] = []

    def entered_and_lost(request: ledger_pb.EnterRequest) -> ledger_pb.EnterResponse:
        made.append(shielding.ledger.entered(request))
        raise DependencyUnavailable

    shielding.ledger.instead = entered_and_lost
    request = opening(pb.ImposeInterimShieldRequest)
    refused(lambda: shielding.call(SOCIAL_WORKER, request))
    shielding.ledger.instead = None
    shielding.guard.saw(900)
    answer = shielding.call(SOCIAL_WORKER, request)
    assert answer.receipt.index == made[0].receipt.index == 101


def test_no_channel_no_shield(shielding: ShieldingStack) -> None:
    with pytest.raises(grpc.RpcError):
        shielding.channel().unary_unary(SERVICE + "Unlisted", None, None)(b"", timeout=2)
