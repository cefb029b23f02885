"""The ledger over gRPC: every answer with a new entry must be newer than all that this directory has seen."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar
from uuid import UUID

from contactpoint.audit.ledger.v1 import entry_pb2
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc
from google.protobuf.timestamp_pb2 import Timestamp

from services.directory.domain.reasons import Reason
from services.directory.domain.statements import Section
from services.directory.ports import (
    ActState,
    EnteredAct,
    EnteredIntake,
    EnteredSearch,
    Look,
    NewChild,
    OwnChild,
    OwnChildren,
    OwnCount,
    OwnInvolvement,
    Receipt,
    ShownCandidate,
    StatementKey,
)
from services.runtime.channels import PeerChannel
from services.runtime.errors import BeingChanged, LedgerBehind
from services.runtime.receipts import ReceiptGuard

_SHOWN_SLOT = 66
_EMPTY_SLOT = 255
_LIMITED = 1
_SECOND_TRY_AFTER_SECONDS = 0.1
_MOST_REMEMBERED_ACTS = 4096

Answer = TypeVar("Answer", pb.EnterResponse, pb.EnterIntakeResponse)


class RemoteLedger:
    """The ledger, under the token of the call being served."""

    def __init__(self, channel: PeerChannel, guard: ReceiptGuard) -> None:
        self._channel = channel
        self._stub = rpc.LedgerServiceStub(channel)
        self._guard = guard
        self._acts = _RememberedActs()

    def enter_search(
        self, candidates: bytes, *, criteria_digest: bytes, name_and_date_only: bool, too_little: bool
    ) -> EnteredSearch:
        """Enter a search; see the port."""
        request = pb.EnterSearchRequest(
            candidates=candidates,
            criteria_digest=criteria_digest,
            name_and_date_only=name_and_date_only,
            too_little=too_little,
        )
        with self._guard.newer() as awaited:
            answer = self._channel.call(self._stub.EnterSearch, request, idempotent=False, with_act=True)
            awaited.index = answer.receipt.index
        return EnteredSearch(
            receipt=_receipt(answer.receipt),
            shown=_shown(answer.shown),
            search_handle=answer.search_handle,
            add_details=answer.add_details,
        )

    def enter_look(self, handle: bytes, reason: Reason, section: Section) -> Look:
        """Enter a look at the child of a handle; see the port."""
        return self._look(pb.EnterLookRequest(handle=handle, reason=_reason(reason), section=_section(section)))

    def enter_look_by_number(self, number: int, reason: Reason, section: Section, *, whole_current_name: bool) -> Look:
        """Enter a look at the child of a number; see the port."""
        return self._look(
            pb.EnterLookRequest(
                number=number,
                reason=_reason(reason),
                section=_section(section),
                whole_current_name=whole_current_name,
            )
        )

    def enter_creation(
        self,
        *,
        idempotency_key: str,
        search_handle: bytes,
        criteria_digest: bytes,
        candidates: bytes,
        source: UUID,
        sections: Sequence[Section],
        authority: str,
    ) -> EnteredAct:
        """Enter a child's creation; see the port."""
        effect = pb.CreateChildEffect(
            search_handle=search_handle,
            criteria_digest=criteria_digest,
            candidates=candidates,
            source=source.bytes,
            sections=[_section(section) for section in sections],
            authority=authority,
        )
        return self._enter(pb.EnterRequest(idempotency_key=idempotency_key, create_child=effect))

    def enter_statements(
        self,
        *,
        idempotency_key: str,
        handle: bytes,
        section: Section,
        source: UUID,
        own_involvement: OwnInvolvement,
        involvement_id: UUID | None = None,
    ) -> EnteredAct:
        """Enter that a source's statements change; see the port."""
        effect = pb.WriteStatementsEffect(
            handle=handle,
            section=_section(section),
            source=source.bytes,
            own_involvement=own_involvement.value,  # type: ignore[arg-type]  # the enum's numbers are the ledger's
            involvement_id=involvement_id.bytes if involvement_id is not None else b"",
            confirms_involvement=involvement_id is not None and own_involvement is OwnInvolvement.AS_BEFORE,
        )
        request = pb.EnterRequest(idempotency_key=idempotency_key, write_statements=effect)
        try:
            return self._enter(request)
        except BeingChanged:
            time.sleep(_SECOND_TRY_AFTER_SECONDS)
            return self._enter(request)

    def enter_own_children(self, *, due_before: datetime, page_token: bytes) -> OwnChildren:
        """Enter that the caller lists own children; see the port."""
        request = pb.EnterOwnChildrenRequest(due_before=_stamp(due_before), page_token=page_token)
        with self._guard.newer() as awaited:
            answer = self._channel.call(self._stub.EnterOwnChildren, request, idempotent=False, with_act=True)
            awaited.index = answer.receipt.index
        return OwnChildren(
            receipt=_receipt(answer.receipt),
            children=tuple(_own_child(one) for one in answer.children),
            next_page_token=answer.next_page_token,
            count=_own_count(answer),
        )

    def count_own_involvements(self, *, due_before: datetime) -> OwnCount:
        """Return what all pages have; see the port."""
        request = pb.CountOwnInvolvementsRequest(due_before=_stamp(due_before))
        return _own_count(self._channel.call(self._stub.CountOwnInvolvements, request, idempotent=True, with_act=True))

    def enter_note(self, *, idempotency_key: str) -> EnteredAct:
        """Enter an act that changes nothing in the ledger; see the port."""
        return self._enter(pb.EnterRequest(idempotency_key=idempotency_key, note=pb.NoteEffect()))

    def enter_intake(
        self, *, idempotency_key: str, source: UUID, children: Sequence[tuple[Sequence[Section], str]]
    ) -> EnteredIntake:
        """Enter a supplier's batch; see the port."""
        request = pb.EnterIntakeRequest(
            idempotency_key=idempotency_key,
            source=source.bytes,
            children=[
                pb.IntakeChild(sections=[_section(section) for section in sections], authority=authority)
                for sections, authority in children
            ],
        )
        answer = self._entered(
            lambda: self._channel.call(self._stub.EnterIntake, request, idempotent=True, with_act=True)
        )
        return EnteredIntake(
            receipt=_receipt(answer.receipt),
            act_id=answer.act_id,
            state=ActState(answer.state),
            children=tuple(NewChild(number=child.number, keys=_keys(child.keys)) for child in answer.children),
        )

    def _look(self, request: pb.EnterLookRequest) -> Look:
        with self._guard.newer() as awaited:
            answer = self._channel.call(self._stub.EnterLook, request, idempotent=False, with_act=True)
            awaited.index = answer.receipt.index
        return Look(
            receipt=_receipt(answer.receipt),
            is_found=not answer.not_found,
            number=answer.number,
            is_limited=answer.is_limited,
            keys=_keys(answer.keys),
            handle=answer.handle,
            own_involvements=frozenset(UUID(bytes=one) for one in answer.own_involvements),
        )

    def _enter(self, request: pb.EnterRequest) -> EnteredAct:
        answer = self._entered(lambda: self._channel.call(self._stub.Enter, request, idempotent=True, with_act=True))
        return EnteredAct(
            receipt=_receipt(answer.receipt),
            act_id=answer.act_id,
            state=ActState(answer.state),
            number=answer.number,
            head_keys=_keys(answer.head_keys),
            pending_keys=_keys(answer.pending_keys),
            handle=answer.handle,
        )

    def _entered(self, call: Callable[[], Answer]) -> Answer:
        """Return the answer to an act: a new entry's, or an old one's where the act is one that we know."""
        answer: Answer | None = None
        try:
            with self._guard.newer() as awaited:
                answer = call()
                awaited.index = answer.receipt.index
        except LedgerBehind:
            # An act that is repeated has the receipt of its first time. One that has ended changes nothing more. One
            # that is pending is gone on with only if this process saw it begin: else the ledger may have forgotten
            # what came after it, and the sweeper ends the act.
            if answer is None:
                raise
            if answer.state == pb.ACT_STATE_PENDING and not self._acts.has(answer):
                raise BeingChanged from None
        self._acts.add(answer)
        return answer


class RemoteSettlements:
    """How acts end in the ledger, and what this process asks of it without a person."""

    def __init__(self, channel: PeerChannel, guard: ReceiptGuard) -> None:
        self._channel = channel
        self._stub = rpc.ProcessServiceStub(channel)
        self._guard = guard

    def settle(self, act_id: bytes, *, is_done: bool) -> ActState:
        """Say how an act ended here; see the port."""
        request = pb.SettleRequest(act_id=act_id, done=is_done)
        answer = self._channel.call(self._stub.Settle, request, idempotent=True)
        # Settling is repeated by design, and then has the receipt of its first time.
        self._guard.saw(answer.receipt.index)
        return ActState(answer.state)

    def unsettled_acts(self) -> Sequence[bytes]:
        """Return our unsettled acts; see the port."""
        answer = self._channel.call(self._stub.ListUnsettledActs, pb.ListUnsettledActsRequest(), idempotent=True)
        return tuple(answer.act_ids)

    def open_index_key(self) -> bytes:
        """Return the 32 bytes of the index key, with an entry; kept in memory only."""
        with self._guard.newer() as awaited:
            answer = self._channel.call(self._stub.OpenIndexKey, pb.OpenIndexKeyRequest(), idempotent=True)
            awaited.index = answer.receipt.index
        return answer.key


class _RememberedActs:
    """The acts that this process saw begin, with their entries; the oldest are forgotten."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: OrderedDict[bytes, int] = OrderedDict()

    def add(self, answer: pb.EnterResponse | pb.EnterIntakeResponse) -> None:
        with self._lock:
            self._entries.setdefault(answer.act_id, answer.receipt.index)
            while len(self._entries) > _MOST_REMEMBERED_ACTS:
                self._entries.popitem(last=False)

    def has(self, answer: pb.EnterResponse | pb.EnterIntakeResponse) -> bool:
        with self._lock:
            return self._entries.get(answer.act_id) == answer.receipt.index


def _receipt(message: pb.Receipt) -> Receipt:
    return Receipt(index=message.index, leaf=message.leaf)


def _stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def _own_child(message: pb.OwnChild) -> OwnChild:
    return OwnChild(
        number=message.number,
        handle=message.handle,
        involvement_id=UUID(bytes=message.involvement_id),
        last_confirmed_at=message.last_confirmed_at.ToDatetime(UTC),
        is_due=message.is_due,
    )


def _own_count(answer: pb.EnterOwnChildrenResponse | pb.CountOwnInvolvementsResponse) -> OwnCount:
    has_any = answer.HasField("oldest_confirmed_at")
    oldest = answer.oldest_confirmed_at.ToDatetime(UTC) if has_any else None
    return OwnCount(total=answer.total, due=answer.due, oldest_confirmed_at=oldest)


def _reason(reason: Reason) -> pb.Reason:
    return pb.Reason(code=reason.code.value, text=reason.text)


def _section(section: Section) -> entry_pb2.Section.ValueType:
    return entry_pb2.Section.Value(f"SECTION_{section.name}")


def _keys(messages: Iterable[pb.StatementKey]) -> tuple[StatementKey, ...]:
    return tuple(
        StatementKey(
            section=Section(message.section),
            source=UUID(bytes=message.source),
            version=message.version,
            key=message.key,
        )
        for message in messages
    )


def _shown(slots: bytes) -> tuple[ShownCandidate, ...]:
    cut = (slots[at : at + _SHOWN_SLOT] for at in range(0, len(slots), _SHOWN_SLOT))
    return tuple(
        ShownCandidate(position=slot[0], is_limited=bool(slot[1] & _LIMITED), handle=slot[2:])
        for slot in cut
        if slot[0] != _EMPTY_SLOT
    )
