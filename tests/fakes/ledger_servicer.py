"""The fake ledger behind its real contract: what the directory's client speaks to in tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from uuid import UUID

import grpc
from contactpoint.audit.ledger.v1 import entry_pb2
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc
from google.protobuf.timestamp_pb2 import Timestamp

from services.directory.domain.reasons import Reason, ReasonCode
from services.directory.domain.statements import Section
from services.directory.ports import EnteredAct, Look, OwnInvolvement, Receipt, StatementKey
from tests.fakes.directory_ledger import FakeLedger


class FakeLedgerServicer(rpc.LedgerServiceServicer):
    """LedgerService, for the directory's methods."""

    def __init__(self, ledger: FakeLedger) -> None:
        self._ledger = ledger

    def EnterSearch(self, request: pb.EnterSearchRequest, context: grpc.ServicerContext) -> pb.EnterSearchResponse:
        entered = self._ledger.enter_search(
            request.candidates,
            criteria_digest=request.criteria_digest,
            name_and_date_only=request.name_and_date_only,
            too_little=request.too_little,
        )
        slots = b"".join(bytes((one.position, one.is_limited)) + one.handle for one in entered.shown)
        empty = bytes((255, 0)) + bytes(64)
        return pb.EnterSearchResponse(
            receipt=_receipt(entered.receipt),
            shown=slots + empty * (20 - len(entered.shown)),
            search_handle=entered.search_handle,
            add_details=entered.add_details,
        )

    def EnterLook(self, request: pb.EnterLookRequest, context: grpc.ServicerContext) -> pb.EnterLookResponse:
        reason = Reason(code=ReasonCode(request.reason.code), text=request.reason.text)
        section = Section(request.section)
        if request.WhichOneof("child") == "handle":
            look = self._ledger.enter_look(request.handle, reason, section)
        else:
            look = self._ledger.enter_look_by_number(
                request.number, reason, section, whole_current_name=request.whole_current_name
            )
        return _look(look)

    def Enter(self, request: pb.EnterRequest, context: grpc.ServicerContext) -> pb.EnterResponse:
        key = request.idempotency_key
        match request.WhichOneof("effect"):
            case "create_child":
                create = request.create_child
                return _entered(
                    self._ledger.enter_creation(
                        idempotency_key=key,
                        search_handle=create.search_handle,
                        criteria_digest=create.criteria_digest,
                        candidates=create.candidates,
                        source=UUID(bytes=create.source),
                        sections=[Section(one) for one in create.sections],
                        authority=create.authority,
                    )
                )
            case "write_statements":
                write = request.write_statements
                return _entered(
                    self._ledger.enter_statements(
                        idempotency_key=key,
                        handle=write.handle,
                        section=Section(write.section),
                        source=UUID(bytes=write.source),
                        own_involvement=OwnInvolvement(write.own_involvement),
                        involvement_id=UUID(bytes=write.involvement_id) if write.involvement_id else None,
                    )
                )
            case "note":
                return _entered(self._ledger.enter_note(idempotency_key=key))
            case other:
                raise AssertionError(other)

    def EnterOwnChildren(
        self, request: pb.EnterOwnChildrenRequest, context: grpc.ServicerContext
    ) -> pb.EnterOwnChildrenResponse:
        page = self._ledger.enter_own_children(
            due_before=request.due_before.ToDatetime(UTC), page_token=request.page_token
        )
        return pb.EnterOwnChildrenResponse(
            receipt=_receipt(page.receipt),
            children=[
                pb.OwnChild(
                    number=one.number,
                    handle=one.handle,
                    involvement_id=one.involvement_id.bytes,
                    last_confirmed_at=_stamp(one.last_confirmed_at),
                    is_due=one.is_due,
                )
                for one in page.children
            ],
            next_page_token=page.next_page_token,
            total=page.count.total,
            due=page.count.due,
            oldest_confirmed_at=_stamp(page.count.oldest_confirmed_at) if page.count.oldest_confirmed_at else None,
        )

    def CountOwnInvolvements(
        self, request: pb.CountOwnInvolvementsRequest, context: grpc.ServicerContext
    ) -> pb.CountOwnInvolvementsResponse:
        count = self._ledger.count_own_involvements(due_before=request.due_before.ToDatetime(UTC))
        return pb.CountOwnInvolvementsResponse(
            total=count.total,
            due=count.due,
            oldest_confirmed_at=_stamp(count.oldest_confirmed_at) if count.oldest_confirmed_at else None,
        )

    def EnterIntake(self, request: pb.EnterIntakeRequest, context: grpc.ServicerContext) -> pb.EnterIntakeResponse:
        entered = self._ledger.enter_intake(
            idempotency_key=request.idempotency_key,
            source=UUID(bytes=request.source),
            children=[([Section(one) for one in child.sections], child.authority) for child in request.children],
        )
        return pb.EnterIntakeResponse(
            receipt=_receipt(entered.receipt),
            act_id=entered.act_id,
            state=entered.state.value,  # type: ignore[arg-type]
            children=[pb.IntakeKeys(number=one.number, keys=_keys(one.keys)) for one in entered.children],
        )


class FakeProcessServicer(rpc.ProcessServiceServicer):
    """ProcessService, for the directory's methods."""

    def __init__(self, ledger: FakeLedger) -> None:
        self._ledger = ledger

    def OpenIndexKey(self, request: pb.OpenIndexKeyRequest, context: grpc.ServicerContext) -> pb.OpenIndexKeyResponse:
        key = self._ledger.open_index_key()
        return pb.OpenIndexKeyResponse(receipt=_receipt(self._ledger.newest()), key=key)

    def Settle(self, request: pb.SettleRequest, context: grpc.ServicerContext) -> pb.SettleResponse:
        state = self._ledger.settle(request.act_id, is_done=request.done)
        return pb.SettleResponse(receipt=_receipt(self._ledger.newest()), state=state.value)  # type: ignore[arg-type]

    def ListUnsettledActs(
        self, request: pb.ListUnsettledActsRequest, context: grpc.ServicerContext
    ) -> pb.ListUnsettledActsResponse:
        return pb.ListUnsettledActsResponse(act_ids=self._ledger.unsettled_acts())


def register(ledger: FakeLedger, server: grpc.Server) -> None:
    """Add both services to a server."""
    # The methods that the directory never calls answer that they are not implemented.
    rpc.add_LedgerServiceServicer_to_server(FakeLedgerServicer(ledger), server)  # type: ignore[abstract]
    rpc.add_ProcessServiceServicer_to_server(FakeProcessServicer(ledger), server)  # type: ignore[abstract]


def _stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def _receipt(kept: Receipt) -> pb.Receipt:
    return pb.Receipt(index=kept.index, leaf=kept.leaf)


def _keys(keys: Iterable[StatementKey]) -> list[pb.StatementKey]:
    return [
        pb.StatementKey(
            section=entry_pb2.Section.Value(f"SECTION_{key.section.name}"),
            source=key.source.bytes,
            version=key.version,
            key=key.key,
        )
        for key in keys
    ]


def _look(look: Look) -> pb.EnterLookResponse:
    return pb.EnterLookResponse(
        receipt=_receipt(look.receipt),
        not_found=not look.is_found,
        number=look.number,
        is_limited=look.is_limited,
        keys=_keys(look.keys),
        handle=look.handle,
        own_involvements=[one.bytes for one in look.own_involvements],
    )


def _entered(entered: EnteredAct) -> pb.EnterResponse:
    return pb.EnterResponse(
        receipt=_receipt(entered.receipt),
        act_id=entered.act_id,
        state=entered.state.value,  # type: ignore[arg-type]
        number=entered.number,
        head_keys=_keys(entered.head_keys),
        pending_keys=_keys(entered.pending_keys),
        handle=entered.handle,
    )
