"""The ledger's entries, over gRPC, under the token of the call being served."""

from __future__ import annotations

from datetime import UTC

from contactpoint.access.v1 import access_pb2
from contactpoint.audit.ledger.v1 import entry_pb2
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc
from google.protobuf.message import DecodeError

from services.audit.review.domain.entries import (
    Entry,
    EntryProof,
    Look,
    Looks,
    OwnLook,
    OwnLooks,
    Page,
    Receipt,
    number_text,
)
from services.runtime.channels import PeerChannel
from services.runtime.errors import DependencyUnavailable
from services.runtime.receipts import ReceiptGuard


class RemoteLedger:
    """Keeps the promises of the port `Ledger`. A reading is never repeated: each is an entry of its own."""

    def __init__(self, channel: PeerChannel, guard: ReceiptGuard) -> None:
        self._channel = channel
        self._stub = rpc.LedgerServiceStub(channel)
        self._guard = guard

    def read_about_child(self, handle: bytes, page: Page) -> Looks:
        return self._read(pb.ReadEntriesRequest(handle=handle, page_size=page.size, page_token=page.token))

    def read_of_organisation(self, page: Page) -> Looks:
        return self._read(pb.ReadEntriesRequest(organisation=True, page_size=page.size, page_token=page.token))

    def read_own(self, page: Page) -> OwnLooks:
        request = pb.ReadOwnEntriesRequest(page_size=page.size, page_token=page.token)
        with self._guard.newer() as awaited:
            answer = self._channel.call(self._stub.ReadOwnEntries, request, idempotent=False, with_act=True)
            awaited.index = answer.receipt.index
        try:
            looks = tuple(OwnLook(_entry(own.body), number_text(own.number)) for own in answer.entries)
        except ValueError:
            raise DependencyUnavailable from None
        return OwnLooks(looks=looks, next_page_token=answer.next_page_token, receipt=_receipt(answer.receipt))

    def _read(self, request: pb.ReadEntriesRequest) -> Looks:
        with self._guard.newer() as awaited:
            answer = self._channel.call(self._stub.ReadEntries, request, idempotent=False, with_act=True)
            awaited.index = answer.receipt.index
        try:
            looks = tuple(Look(_entry(one.body), _proof(one)) for one in answer.entries)
        except ValueError:
            raise DependencyUnavailable from None
        return Looks(
            looks=looks,
            checkpoint=answer.checkpoint,
            next_page_token=answer.next_page_token,
            total=answer.total,
            receipt=_receipt(answer.receipt),
        )


def _receipt(receipt: pb.Receipt) -> Receipt:
    return Receipt(receipt.index, receipt.leaf)


def _proof(one: pb.ReadEntry) -> EntryProof:
    return EntryProof(index=one.index, body=one.body, salt=one.salt, inclusion_proof=tuple(one.inclusion_proof))


def _entry(body: bytes) -> Entry:
    """Return what an entry's stored bytes say; raises ValueError for what is no entry."""
    try:
        said = entry_pb2.Entry.FromString(body)
    except DecodeError:
        raise ValueError("not an entry") from None
    return Entry(
        index=said.index,
        at=said.at.ToDatetime(UTC),
        act=said.act,
        person=said.person,
        role=said.newer_role or (access_pb2.Role.Name(said.role) if said.role else ""),
        organisation=said.organisation,
        reason_code=said.reason.code,
        reason_text=said.reason.text,
        outcome=entry_pb2.Outcome.Name(said.outcome).removeprefix("OUTCOME_"),
        rule=said.rule,
        sections=tuple(entry_pb2.Section.Name(one).removeprefix("SECTION_").lower() for one in said.sections),
        beneficiary=said.beneficiary,
        children=sum(subject.kind == entry_pb2.SUBJECT_KIND_CHILD for subject in said.subjects),
    )
