"""Between wire messages and domain values. Shape is checked by the contract, meaning is not."""

from __future__ import annotations

from contactpoint.access.v1 import access_pb2
from contactpoint.audit.review.v1 import review_service_pb2 as pb

from services.audit.review.domain.entries import Entry, Look, Looks, OwnLook, OwnLooks, Page, Receipt
from services.runtime.caller import Caller

AnyPage = pb.WhoLookedAtRequest | pb.ListOwnLooksRequest | pb.ListEntriesRequest


def page(request: AnyPage) -> Page:
    """Return the part of a list that a request asks for."""
    return Page(request.page_size, request.page_token)


def who_looked_at_response(found: Looks) -> pb.WhoLookedAtResponse:
    """Return looks as they are answered."""
    return pb.WhoLookedAtResponse(
        looks=map(_look, found.looks),
        checkpoint=found.checkpoint,
        next_page_token=found.next_page_token,
        total=found.total,
        receipt=_receipt(found.receipt),
    )


def list_own_looks_response(found: OwnLooks, caller: Caller) -> pb.ListOwnLooksResponse:
    """Return one's own looks as they are answered."""
    person = (caller.act.sub if caller.act else None) or ""
    return pb.ListOwnLooksResponse(
        looks=[_own_look(look, person) for look in found.looks],
        next_page_token=found.next_page_token,
        receipt=_receipt(found.receipt),
    )


def list_entries_response(found: Looks) -> pb.ListEntriesResponse:
    """Return entries as they are answered: what names a subject stays behind."""
    return pb.ListEntriesResponse(
        entries=[_audit_entry(look.entry) for look in found.looks],
        checkpoint=found.checkpoint,
        next_page_token=found.next_page_token,
        receipt=_receipt(found.receipt),
    )


def accept_loss_response(receipt: Receipt) -> pb.AcceptLossResponse:
    """Return that an acceptance counts."""
    return pb.AcceptLossResponse(receipt=_receipt(receipt))


def accept_gap_response(receipt: Receipt) -> pb.AcceptGapResponse:
    """Return that an acceptance counts."""
    return pb.AcceptGapResponse(receipt=_receipt(receipt))


def _receipt(receipt: Receipt) -> pb.Receipt:
    return pb.Receipt(index=receipt.index, leaf=receipt.leaf)


def _look(look: Look) -> pb.Look:
    entry, proof = look.entry, look.proof
    made = pb.Look(
        act=entry.act,
        person=entry.person,
        role=_role(entry),
        organisation=entry.organisation,
        reason_code=entry.reason_code,
        reason_text=entry.reason_text,
        outcome=entry.outcome,
        rule=entry.rule,
        sections=entry.sections,
        proof=pb.EntryProof(index=proof.index, body=proof.body, salt=proof.salt, inclusion_proof=proof.inclusion_proof),
        beneficiary=entry.beneficiary,
    )
    made.at.FromDatetime(entry.at)
    return made


def _own_look(look: OwnLook, person: str) -> pb.OwnLook:
    entry = look.entry
    is_by_another = entry.person != person and entry.beneficiary == person
    made = pb.OwnLook(
        act=entry.act,
        reason_code=entry.reason_code,
        reason_text=entry.reason_text,
        number=look.number,
        outcome=entry.outcome,
        beneficiary="" if is_by_another else entry.beneficiary,
        mediator=entry.person if is_by_another else "",
    )
    made.at.FromDatetime(entry.at)
    return made


def _audit_entry(entry: Entry) -> pb.AuditEntry:
    made = pb.AuditEntry(
        act=entry.act,
        person=entry.person,
        role=_role(entry),
        reason_code=entry.reason_code,
        outcome=entry.outcome,
        rule=entry.rule,
        children=entry.children,
        index=entry.index,
        beneficiary=entry.beneficiary,
    )
    made.at.FromDatetime(entry.at)
    return made


def _role(entry: Entry) -> access_pb2.Role.ValueType:
    return access_pb2.Role.Value(entry.role) if entry.role else access_pb2.ROLE_UNSPECIFIED
