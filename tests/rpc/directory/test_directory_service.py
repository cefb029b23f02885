"""The story over the wire: search, create, open, work with the child, supply; and what refusals carry."""

from typing import Any

import grpc
import pytest
from contactpoint.directory.v1 import directory_service_pb2 as pb
from google.rpc import error_details_pb2
from grpc_status import rpc_status

from tests.builders.directory import AUTHORITY, PRACTICE, SCHOOL, TEAM, Person, Supplier, new_key
from tests.builders.directory_stack import Stack

REASON = pb.Reason(code=pb.REASON_CODE_SAFEGUARDING_CONCERN)
BORN = pb.DateOfBirth(year=2014, month=5, day=6)


def a_name(given: str) -> pb.ChildName:
    return pb.ChildName(full=pb.FullName(surname="Somerville", given_names=given))


def search(stack: Stack, who: Person, given: str) -> pb.SearchChildrenResponse:
    request = pb.SearchChildrenRequest(surname="Somerville", given_names=given, date_of_birth=BORN)
    answer: pb.SearchChildrenResponse = stack.call(who, "DirectoryService", "SearchChildren", request)
    return answer


def create(stack: Stack, who: Person, given: str) -> pb.CreateChildResponse:
    request = pb.CreateChildRequest(
        idempotency_key=new_key(),
        search_handle=search(stack, who, given).search_handle,
        name=a_name(given),
        date_of_birth=BORN,
        gender=pb.GENDER_FEMALE,
        address=pb.Address(state=pb.ADDRESS_STATE_CURRENT, lines=["2 Low Road"], postcode="ZZ2 2BB"),
        carers=[pb.Carer(name="Jean Somerville", telephone="07700 900002")],
    )
    answer: pb.CreateChildResponse = stack.call(who, "DirectoryService", "CreateChild", request)
    return answer


def open_record(stack: Stack, who: Person, handle: bytes) -> pb.OpenRecordResponse:
    request = pb.OpenRecordRequest(handle=handle, reason=REASON)
    answer: pb.OpenRecordResponse = stack.call(who, "DirectoryService", "OpenRecord", request)
    return answer


def reason_of(error: grpc.RpcError) -> tuple[str, list[str]]:
    status = rpc_status.from_call(error)  # type: ignore[arg-type]
    info, bad = error_details_pb2.ErrorInfo(), error_details_pb2.BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    return info.reason, [one.field for one in bad.field_violations]


def test_a_child_is_created_found_and_opened(stack: Stack) -> None:
    nurse = Person()
    created = create(stack, nurse, "Mary")
    (row,) = search(stack, nurse, "Mary").rows
    assert (row.name, row.date_of_birth, row.gender, row.is_limited) == (a_name("Mary"), BORN, pb.GENDER_FEMALE, False)
    opened = open_record(stack, nurse, row.handle)
    assert (opened.number, opened.name) == (created.number, a_name("Mary"))
    assert len(opened.receipt.leaf) == 32
    home = stack.call(nurse, "DirectoryService", "OpenHome", pb.OpenHomeRequest(handle=opened.handle, reason=REASON))
    assert (list(home.address.lines), home.address.postcode) == (["2 Low Road"], "ZZ2 2BB")
    assert [one.name for one in home.carers] == ["Jean Somerville"]
    stack.remote.fake.limit(int(created.number))
    limited = open_record(stack, nurse, row.handle)
    assert limited.is_limited
    assert not limited.involvements


def test_a_number_of_the_old_check_digit_is_refused_by_its_path(stack: Stack) -> None:
    claim = pb.NumberClaim(number="12345 67899", surname="Somerville", date_of_birth=BORN)
    with pytest.raises(grpc.RpcError) as refused:
        stack.call(Person(), "DirectoryService", "OpenRecord", pb.OpenRecordRequest(number=claim, reason=REASON))
    assert reason_of(refused.value) == ("INVALID_REQUEST", ["number.number"])


def test_an_involvement_from_its_start_to_its_end(stack: Stack) -> None:
    nurse, other = Person(), Person()
    handle = create(stack, nurse, "Grace").handle
    started = stack.call(
        nurse,
        "DirectoryService",
        "StartInvolvement",
        pb.StartInvolvementRequest(
            idempotency_key=new_key(),
            handle=handle,
            kind=pb.INVOLVEMENT_KIND_UNIVERSAL,
            provider_id=str(TEAM.provider_id),
            practitioner="Jo Brook",
            telephone="020 7946 0006",
        ),
    )
    opened = open_record(stack, nurse, started.handle)
    (shown,) = opened.involvements
    assert (shown.involvement_id, shown.practitioner, shown.is_own) == (started.involvement_id, "Jo Brook", True)
    assert shown.provider.telephone == TEAM.contact.telephone
    (row,) = search(stack, other, "Grace").rows
    stack.call(
        other,
        "DirectoryService",
        "ReportContactWrong",
        pb.ReportContactWrongRequest(
            idempotency_key=new_key(), handle=row.handle, involvement_id=started.involvement_id
        ),
    )
    seen = open_record(stack, other, row.handle).involvements[0]
    assert (seen.is_reported_wrong, seen.is_own) == (True, False)
    stack.world.clock.move(1)
    stack.call(
        nurse,
        "DirectoryService",
        "ConfirmInvolvement",
        pb.ConfirmInvolvementRequest(
            idempotency_key=new_key(), handle=opened.handle, involvement_id=started.involvement_id
        ),
    )
    marked = stack.call(
        nurse,
        "DirectoryService",
        "MarkInvolvement",
        pb.MarkInvolvementRequest(
            idempotency_key=new_key(),
            handle=opened.handle,
            involvement_id=started.involvement_id,
            is_lead_professional=True,
        ),
    )
    seen = open_record(stack, nurse, marked.handle).involvements[0]
    assert (seen.is_reported_wrong, seen.is_lead_professional) == (False, True)
    with pytest.raises(grpc.RpcError) as refused:
        stack.call(
            other,
            "DirectoryService",
            "EndInvolvement",
            pb.EndInvolvementRequest(
                idempotency_key=new_key(), handle=row.handle, involvement_id=started.involvement_id
            ),
        )
    assert reason_of(refused.value)[0] == "NOT_FOUND"
    ended = stack.call(
        nurse,
        "DirectoryService",
        "EndInvolvement",
        pb.EndInvolvementRequest(
            idempotency_key=new_key(), handle=opened.handle, involvement_id=started.involvement_id
        ),
    )
    assert not open_record(stack, nurse, ended.handle).involvements


def test_an_auditor_gets_a_handle_and_nothing_else(stack: Stack) -> None:
    created, auditor = create(stack, Person(), "Ellen"), Person(role="ROLE_AUDITOR")
    request = pb.IdentifyChildRequest(number=created.number, name=a_name("Ellen"), date_of_birth=BORN, reason=REASON)
    found = stack.call(auditor, "DirectoryService", "IdentifyChild", request)
    assert {field.name for field, _ in found.ListFields()} == {"handle", "receipt"}
    request.name.full.given_names = "Zoe"
    with pytest.raises(grpc.RpcError) as refused:
        stack.call(auditor, "DirectoryService", "IdentifyChild", request)
    assert reason_of(refused.value)[0] == "NOT_FOUND"


def test_providers_are_registered_amended_and_listed(stack: Stack) -> None:
    manager = Person(role="ROLE_DATA_MANAGER")
    made = stack.call(
        manager,
        "ProviderService",
        "RegisterProvider",
        pb.RegisterProviderRequest(
            idempotency_key=new_key(),
            name="Low Road Surgery",
            kind=pb.PROVIDER_KIND_GP_PRACTICE,
            telephone="020 7946 0020",
            authority=AUTHORITY,
            ods_code="B20002",
        ),
    )
    stack.call(
        manager,
        "ProviderService",
        "AmendProvider",
        pb.AmendProviderRequest(idempotency_key=new_key(), provider_id=made.provider_id, telephone="020 7946 0021"),
    )
    listed = stack.call(
        manager, "ProviderService", "ListProviders", pb.ListProvidersRequest(name_starts_with="low", page_size=5)
    )
    assert [(one.provider_id, one.telephone) for one in listed.providers] == [(made.provider_id, "020 7946 0021")]


def test_a_supplier_writes_without_reading(stack: Stack) -> None:
    child = pb.SuppliedChild(
        name=a_name("Caroline"),
        former_names=[a_name("Karoline")],
        date_of_birth=BORN,
        authority=AUTHORITY,
        school_urn=SCHOOL.urn,
        school_start_date=pb.DateOfBirth(year=2019, month=9),
        gp_ods_code=PRACTICE.ods_code,
        involvements=[pb.SuppliedInvolvement(kind=pb.INVOLVEMENT_KIND_EDUCATION, provider_id=str(SCHOOL.provider_id))],
    )
    batch = pb.SupplyRowsRequest(idempotency_key=new_key(), children=[child])
    answer = stack.call(Supplier(), "SupplyService", "SupplyRows", batch)
    assert answer.taken == 1
    nurse = Person()
    (row,) = search(stack, nurse, "Caroline").rows
    opened = open_record(stack, nurse, row.handle)
    assert opened.education.setting.name == SCHOOL.name
    assert opened.gp_practice.practice.provider_id == str(PRACTICE.provider_id)
    assert [one.full.given_names for one in opened.former_names] == ["Karoline"]
    assert len(opened.involvements) == 1


def test_a_full_batch_fits_one_message(stack: Stack) -> None:
    child = pb.SuppliedChild(
        name=a_name("Wang"),
        date_of_birth=BORN,
        authority=AUTHORITY,
        address=pb.Address(state=pb.ADDRESS_STATE_CURRENT, lines=["3 Low Road", "Elmby"], postcode="ZZ3 3CC"),
        carers=[pb.Carer(name="Li Wang", telephone="07700 900003")] * 2,
        involvements=[
            pb.SuppliedInvolvement(
                kind=pb.INVOLVEMENT_KIND_ADDITIONAL,
                provider_id=str(TEAM.provider_id),
                practitioner="Sam Field",
                telephone="020 7946 0005",
                email="sam@example.org",
            )
        ]
        * 5,
    )
    batch = pb.SupplyRowsRequest(idempotency_key=new_key(), children=[child] * 200)
    assert stack.call(Supplier(), "SupplyService", "SupplyRows", batch).taken == 200


def test_a_refusal_names_no_child(stack: Stack) -> None:
    nurse = Person()
    with pytest.raises(grpc.RpcError) as refused:
        stack.call(
            nurse,
            "DirectoryService",
            "OpenRecord",
            pb.OpenRecordRequest(
                number=pb.NumberClaim(number="1000000009", surname="Somerville", date_of_birth=BORN), reason=REASON
            ),
        )
    error: Any = refused.value
    said = f"{error.details()} {error.trailing_metadata()}"
    assert "Somerville" not in said
    assert "1000000009" not in said


def test_own_children_are_listed_and_counted(stack: Stack) -> None:
    nurse = Person()
    created = create(stack, nurse, "Florence")
    start = pb.StartInvolvementRequest(
        idempotency_key=new_key(),
        handle=created.handle,
        kind=pb.INVOLVEMENT_KIND_UNIVERSAL,
        provider_id=str(TEAM.provider_id),
        practitioner="Jo Brook",
    )
    started = stack.call(nurse, "DirectoryService", "StartInvolvement", start)
    page = stack.call(nurse, "DirectoryService", "ListOwnChildren", pb.ListOwnChildrenRequest())
    (row,) = page.rows
    assert (row.name, row.date_of_birth, row.involvement_id) == (a_name("Florence"), BORN, started.involvement_id)
    assert (page.total, page.due, page.oldest_confirmed_at) == (1, 0, row.last_confirmed_at)
    count = stack.call(nurse, "DirectoryService", "CountOwnChildren", pb.CountOwnChildrenRequest())
    assert (count.total, count.due, count.oldest_confirmed_at) == (1, 0, row.last_confirmed_at)
    (seen,) = open_record(stack, nurse, row.handle).involvements
    assert (seen.is_own, seen.is_mine) == (True, True)
    end = pb.EndInvolvementRequest(idempotency_key=new_key(), handle=row.handle, involvement_id=row.involvement_id)
    stack.call(nurse, "DirectoryService", "EndInvolvement", end)
    after = stack.call(nurse, "DirectoryService", "ListOwnChildren", pb.ListOwnChildrenRequest())
    assert (list(after.rows), after.total, after.HasField("oldest_confirmed_at")) == ([], 0, False)
