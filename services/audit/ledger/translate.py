"""Between wire messages and domain values. Shape is checked by the contracts, meaning is not checked here."""

from __future__ import annotations

import struct
from datetime import UTC, datetime

from contactpoint.audit.ledger.v1 import entry_pb2
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from google.protobuf.timestamp_pb2 import Timestamp
from opentelemetry import trace

from services.audit.ledger.domain.calls import Call
from services.audit.ledger.domain.entry import Receipt, Section
from services.audit.ledger.effects import ActEffect, Asked, Entered, StatementKey
from services.audit.ledger.effects.accept_gap import AcceptGap
from services.audit.ledger.effects.accept_loss import AcceptLoss
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.effects.close_child import CloseChild
from services.audit.ledger.effects.create_child import CreateChild
from services.audit.ledger.effects.end_sessions import EndSessions
from services.audit.ledger.effects.mediate import Mediate
from services.audit.ledger.effects.note import Note
from services.audit.ledger.effects.write_statements import WriteStatements
from services.audit.ledger.release_rule import Candidate, Version
from services.audit.ledger.use_cases.count_own_involvements import OwnCounted
from services.audit.ledger.use_cases.enter_enrolment import Enrolment
from services.audit.ledger.use_cases.enter_founding import FirstParty
from services.audit.ledger.use_cases.enter_intake import AskedIntake, Intake, NewChild
from services.audit.ledger.use_cases.enter_look import AskedLook, Looked
from services.audit.ledger.use_cases.enter_own_children import OwnChildren
from services.audit.ledger.use_cases.enter_refusals import Refusals
from services.audit.ledger.use_cases.enter_search import AskedSearch, Searched
from services.audit.ledger.use_cases.enter_session import SignedIn, SignIn
from services.audit.ledger.use_cases.get_checkpoint import Checkpoint
from services.audit.ledger.use_cases.open_index_key import IndexKey
from services.audit.ledger.use_cases.read_entries import Reading
from services.audit.ledger.use_cases.read_own_entries import OwnReading
from services.audit.ledger.use_cases.resume_act import Resumed
from services.audit.ledger.use_cases.settle import Settled
from services.audit.ledger.use_cases.subject_reading import AskedPage
from services.runtime.caller import Caller
from services.runtime.errors import NotAuthenticated

_SLOT = struct.Struct(">5sBBx")
_SHOWN = struct.Struct(">BB64s")
_EMPTY_SLOT = 255
_LIMITED = 1


def correlation() -> str:
    """Return the trace id of the call being served, empty outside a trace."""
    found = trace.get_current_span().get_span_context()
    return f"{found.trace_id:032x}" if found.is_valid else ""


def call_of(caller: Caller) -> Call:
    """Return the call under its token; raises NotAuthenticated without one."""
    if caller.act is None or caller.peer.process is None:
        raise NotAuthenticated
    return Call(token=caller.act, peer=caller.peer.process, method=caller.method, correlation=correlation())


def peer_of(caller: Caller) -> str:
    """Return the process that calls."""
    if caller.peer.process is None:
        raise NotAuthenticated
    return caller.peer.process


# --- in ---


def candidates(packed: bytes) -> tuple[Candidate, ...]:
    """Return the candidates in their slots; slots without a number are left out."""
    found = []
    for position, (number, tier, claims) in enumerate(_SLOT.iter_unpack(packed)):
        if any(number):
            found.append(Candidate(position, int.from_bytes(number, "big"), tier, claims))
    return tuple(found)


def search(request: pb.EnterSearchRequest) -> AskedSearch:
    """Return what a search says of itself."""
    return AskedSearch(
        candidates=candidates(request.candidates),
        criteria_digest=request.criteria_digest,
        name_and_date_only=request.name_and_date_only,
        too_little=request.too_little,
    )


def look(request: pb.EnterLookRequest) -> AskedLook:
    """Return what a look says of itself."""
    by_handle = request.WhichOneof("child") == "handle"
    return AskedLook(
        handle=request.handle if by_handle else None,
        number=0 if by_handle else request.number,
        has_whole_name=request.whole_current_name,
        section=Section(request.section),
        reason_code=request.reason.code,
        reason_text=request.reason.text,
    )


def act(request: pb.EnterRequest) -> Asked:
    """Return what an act says of itself."""
    return Asked(
        idempotency_key=request.idempotency_key,
        reason_code=request.reason.code,
        reason_text=request.reason.text,
        effect=_effect(request),
    )


def _effect(request: pb.EnterRequest) -> ActEffect:  # noqa: PLR0911  # one case a kind reads better together
    match request.WhichOneof("effect"):
        case "create_child":
            create = request.create_child
            return CreateChild(
                search_handle=create.search_handle,
                criteria_digest=create.criteria_digest,
                candidates=candidates(create.candidates),
                source=create.source,
                sections=_sections(create.sections),
                authority=create.authority,
            )
        case "write_statements":
            write = request.write_statements
            return WriteStatements(
                handle=write.handle,
                section=Section(write.section),
                source=write.source,
                own=write.own_involvement,
                involvement=write.involvement_id,
                confirms=write.confirms_involvement,
            )
        case "close_child":
            close = request.close_child
            by_handle = close.WhichOneof("child") == "handle"
            return CloseChild(
                handle=close.handle if by_handle else None,
                number=0 if by_handle else close.number,
                is_interim=close.interim,
            )
        case "change_standing":
            change = request.change_standing
            return ChangeStanding(
                party_kind=change.party.kind,
                party_id=change.party.id,
                previous_digest=change.previous_digest,
                digest=change.digest,
                change=change.change,
                ends_sessions=change.ends_sessions,
            )
        case "end_sessions":
            return EndSessions(session_tags=tuple(request.end_sessions.session_tags), is_every=request.end_sessions.all)
        case "mediate":
            mediate = request.mediate
            return Mediate(
                beneficiary=mediate.beneficiary,
                organisation=mediate.organisation,
                beneficiary_digest=mediate.beneficiary_digest,
                organisation_digest=mediate.organisation_digest,
                until=instant(mediate.until),
            )
        case "accept_gap":
            return AcceptGap(gap_digest=request.accept_gap.gap_digest)
        case "accept_loss":
            return AcceptLoss(lost_digest=request.accept_loss.lost_digest, lost_count=request.accept_loss.lost_count)
        case _:
            return Note(handle=request.note.handle, number=request.note.number)


def intake(request: pb.EnterIntakeRequest) -> AskedIntake:
    """Return what a batch says of itself."""
    return AskedIntake(
        idempotency_key=request.idempotency_key,
        source=request.source,
        children=tuple(NewChild(_sections(one.sections), one.authority) for one in request.children),
    )


def reading(request: pb.ReadEntriesRequest) -> AskedPage:
    """Return what is to be read."""
    subject = request.WhichOneof("subject")
    return AskedPage(
        subject="child" if subject == "handle" else subject or "",
        handle=request.handle,
        page_size=request.page_size,
        page_token=request.page_token,
    )


def sign_in(request: pb.EnterSessionRequest) -> SignIn:
    """Return a sign-in."""
    return SignIn(
        session_tag=request.session_tag,
        person=request.person,
        organisation=request.organisation,
        amr=tuple(request.amr),
        channel=request.channel,
        person_digest=request.person_digest,
        organisation_digest=request.organisation_digest,
    )


def refusals(request: pb.EnterRefusalsRequest) -> Refusals:
    """Return refusals."""
    return Refusals(
        act=request.act,
        rule=request.rule,
        person=request.person,
        organisation=request.organisation,
        session_tag=request.session_tag,
        count=request.count,
    )


def enrolment(request: pb.EnterEnrolmentRequest) -> Enrolment:
    """Return an enrolment."""
    return Enrolment(
        idempotency_key=request.idempotency_key,
        person=request.person,
        organisation=request.organisation,
        previous_digest=request.previous_digest,
        digest=request.digest,
    )


def first_parties(request: pb.EnterFoundingRequest) -> tuple[FirstParty, ...]:
    """Return the first parties."""
    return tuple(FirstParty(one.party.kind, one.party.id, one.digest) for one in request.parties)


def instant(stamp: Timestamp) -> datetime:
    """Return a moment in UTC."""
    return stamp.ToDatetime(tzinfo=UTC)


def _sections(sections: object) -> tuple[Section, ...]:
    return tuple(Section(section) for section in sections)  # type: ignore[attr-defined]  # a repeated enum


# --- out ---


def receipt(found: Receipt) -> pb.Receipt:
    """Return a receipt."""
    return pb.Receipt(index=found.index, leaf=found.leaf)


def search_answer(found: Searched) -> pb.EnterSearchResponse:
    """Return what a search may show, in slots."""
    slots = (
        _SHOWN.pack(
            _EMPTY_SLOT if slot.position is None else slot.position, _LIMITED if slot.is_limited else 0, slot.handle
        )
        for slot in found.slots
    )
    return pb.EnterSearchResponse(
        receipt=receipt(found.receipt),
        shown=b"".join(slots),
        search_handle=found.search_handle,
        add_details=found.add_details,
    )


def look_answer(found: Looked) -> pb.EnterLookResponse:
    """Return what a look is given."""
    return pb.EnterLookResponse(
        receipt=receipt(found.receipt),
        not_found=not found.number,
        number=found.number,
        is_limited=found.is_limited,
        keys=[_key(one.version, one.key) for one in found.keys],
        handle=found.handle,
        own_involvements=found.own_involvements,
    )


def own_children_answer(found: OwnChildren) -> pb.EnterOwnChildrenResponse:
    """Return a page of own children."""
    children = [
        pb.OwnChild(
            number=one.number,
            handle=one.handle,
            involvement_id=one.involvement,
            last_confirmed_at=_stamp(one.last_confirmed_at),
            is_due=one.is_due,
        )
        for one in found.children
    ]
    oldest = found.counted.oldest_confirmed_at
    return pb.EnterOwnChildrenResponse(
        receipt=receipt(found.receipt),
        children=children,
        next_page_token=found.next_page_token,
        total=found.counted.total,
        due=found.counted.due,
        oldest_confirmed_at=_stamp(oldest) if oldest else None,
    )


def own_count_answer(found: OwnCounted) -> pb.CountOwnInvolvementsResponse:
    """Return the counts of own involvements."""
    oldest = found.oldest_confirmed_at
    return pb.CountOwnInvolvementsResponse(
        total=found.total, due=found.due, oldest_confirmed_at=_stamp(oldest) if oldest else None
    )


def act_answer(found: Entered) -> pb.EnterResponse:
    """Return what an act is given."""
    return pb.EnterResponse(
        receipt=receipt(found.receipt),
        act_id=found.act_id,
        state=pb.ActState.ValueType(found.state),
        number=found.number,
        head_keys=_keys(found.head_keys),
        pending_keys=_keys(found.pending_keys),
        handle=found.handle,
    )


def intake_answer(found: Intake) -> pb.EnterIntakeResponse:
    """Return what a batch is given."""
    return pb.EnterIntakeResponse(
        receipt=receipt(found.receipt),
        act_id=found.act_id,
        state=pb.ActState.ValueType(found.state),
        children=[pb.IntakeKeys(number=one.number, keys=_keys(one.keys)) for one in found.children],
    )


def reading_answer(found: Reading) -> pb.ReadEntriesResponse:
    """Return a page of entries."""
    return pb.ReadEntriesResponse(
        receipt=receipt(found.receipt),
        entries=[
            pb.ReadEntry(body=one.body, salt=one.salt, index=one.index, inclusion_proof=one.proof)
            for one in found.entries
        ],
        checkpoint=found.checkpoint,
        next_page_token=found.next_page_token,
        total=found.total,
    )


def own_reading_answer(found: OwnReading) -> pb.ReadOwnEntriesResponse:
    """Return a page of one's own entries."""
    return pb.ReadOwnEntriesResponse(
        receipt=receipt(found.receipt),
        entries=[pb.OwnEntry(body=one.body, number=one.number) for one in found.entries],
        next_page_token=found.next_page_token,
    )


def session_answer(found: SignedIn) -> pb.EnterSessionResponse:
    """Return until when a session may live."""
    return pb.EnterSessionResponse(receipt=receipt(found.receipt), expires_at=_stamp(found.expires_at))


def index_key_answer(found: IndexKey) -> pb.OpenIndexKeyResponse:
    """Return the index key."""
    return pb.OpenIndexKeyResponse(receipt=receipt(found.receipt), key=found.key)


def settle_answer(found: Settled) -> pb.SettleResponse:
    """Return how an act stands."""
    return pb.SettleResponse(receipt=receipt(found.receipt), state=pb.ActState.ValueType(found.state))


def resume_answer(found: Resumed) -> pb.ResumeActResponse:
    """Return how an act stands."""
    answer = pb.ResumeActResponse(state=pb.ActState.ValueType(found.state), number=found.number)
    if found.receipt is not None:
        answer.receipt.CopyFrom(receipt(found.receipt))
    return answer


def checkpoint_answer(found: Checkpoint) -> pb.GetCheckpointResponse:
    """Return the checkpoint."""
    gaps = [pb.Gap(index=index, statement=statement) for index, statement in found.gaps]
    return pb.GetCheckpointResponse(checkpoint=found.note, verifier_key=found.verifier_key, gaps=gaps)


def _stamp(moment: datetime) -> Timestamp:
    made = Timestamp()
    made.FromDatetime(moment)
    return made


def _keys(keys: tuple[StatementKey, ...]) -> list[pb.StatementKey]:
    return [_key(one.version, one.key) for one in keys]


def _key(version: Version, key: bytes) -> pb.StatementKey:
    section = entry_pb2.Section.ValueType(version.section)
    return pb.StatementKey(section=section, source=version.source, version=version.number, key=key)
