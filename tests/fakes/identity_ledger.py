"""A ledger in memory that keeps what identity rests on: as a port, and as the servicers behind the real client."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import grpc
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc
from contactpoint.identity.v1 import standing_pb2

from services.identity.domain.acts import (
    ActName,
    ChangeOfMediation,
    ChangeOfStanding,
    Effect,
    EndOfSessions,
    FirstParties,
    Note,
    PendingAct,
    Receipt,
    Shape,
)
from services.identity.domain.losses import NO_STANDING, LoggedChange
from services.identity.domain.session import Session
from services.identity.domain.standing import Party
from services.identity.errors import AlreadyFounded, LossNotAccepted
from services.identity.ports import Entered, Refusal, SessionEntered
from services.runtime import tokens
from services.runtime.caller import current_caller
from services.runtime.clock import Clock
from services.runtime.errors import BeingChanged, DependencyUnavailable, KeyReused, StandingChanged
from services.runtime.tokens import VerificationKeys

LONGEST = timedelta(hours=12)


@dataclass
class FakeLedger:
    """Standings, sessions, acts and refusals; `is_down` and `loses_answers` are what happens to real ones."""

    clock: Clock
    is_down: bool = False
    loses_answers: int = 0
    """So many answers are lost after their entry was made."""
    standings: dict[Party, bytes] = field(default_factory=dict)
    sessions: dict[str, str] = field(default_factory=dict)
    mediations: dict[str, str] = field(default_factory=dict)
    acts: dict[ActName, tuple[bytes, Receipt | None]] = field(default_factory=dict)
    refusals: list[Refusal] = field(default_factory=list)
    changes: list[LoggedChange] = field(default_factory=list)
    accepted: set[tuple[bytes, int]] = field(default_factory=set)
    """Losses that two custodians have accepted."""
    entered: int = 0
    before_enter: Callable[[], None] = lambda: None
    lock: threading.RLock = field(default_factory=threading.RLock)

    def enter(self, act: PendingAct, *, is_retry: bool) -> Entered:
        self._up()
        self.before_enter()
        with self.lock:
            known = self.acts.get(act.name)
            if known is not None:
                is_what_stands = all(self.standings.get(one.party) == one.digest for one in _changes(act))
                if known[0] != act.request_digest or (known[1] and not (is_retry or is_what_stands)):
                    raise KeyReused
                return Entered(receipt=known[1])
            if act.shape is Shape.FOUNDING and self.standings:
                raise AlreadyFounded
            for change in _changes(act):
                if self.standings.get(change.party, b"") != change.previous_digest:
                    raise BeingChanged
            self._happen(act)
            receipt = self._append()
            self.acts[act.name] = (act.request_digest, receipt)
        return Entered(receipt=self._answered(receipt))

    def resume(self, act: PendingAct) -> Entered:
        if act.shape is not Shape.TOKEN:
            return self.enter(act, is_retry=True)
        self._up()
        with self.lock:
            # Never entered, so it never will be.
            return Entered(receipt=self.acts.setdefault(act.name, (act.request_digest, None))[1])

    def enter_session(self, session: Session, *, person_digest: bytes, organisation_digest: bytes) -> SessionEntered:
        self._up()
        with self.lock:
            said = {Party("person", session.person): person_digest}
            said[Party("organisation", session.organisation)] = organisation_digest
            if any(self.standings.get(party) != digest for party, digest in said.items()):
                raise StandingChanged
            self.sessions[session.tag] = session.person
            receipt = self._append()
        return SessionEntered(receipt=self._answered(receipt), expires_at=self.clock.now() + LONGEST)

    def enter_refusal(self, refusal: Refusal) -> None:
        self._up()
        with self.lock:
            self.refusals.append(refusal)
            self._append()

    def _happen(self, act: PendingAct) -> None:
        for change in _changes(act):
            self.change(change)
            if change.ends_sessions:
                self._end(change.party.id)
        if isinstance(act.effect, ChangeOfMediation):
            self.mediations[act.effect.session] = act.effect.beneficiary
        if isinstance(act.effect, EndOfSessions):
            if act.effect.is_all:
                self._end(act.effect.person)
            for tag in act.effect.tags:
                if self.sessions.get(tag) == act.effect.person:
                    del self.sessions[tag]

    def change(self, change: ChangeOfStanding, *, held: bytes = b"", lost: bytes = b"") -> None:
        """Enter that a party's standing is another."""
        before = self.standings.get(change.party, b"")
        self.standings[change.party] = change.digest
        self.changes.append(
            LoggedChange(
                party=change.party,
                act_id=hashlib.sha256(f"change {len(self.changes)}".encode()).digest(),
                index=self.entered,
                change=change.change,
                digest=change.digest,
                replaced_digest=b"" if before == NO_STANDING else before,
                held_digest=held,
                lost_digest=lost,
            )
        )

    def reissue(self, request: pb.ReissueStandingsRequest) -> Receipt | None:
        """Give parties other standings; the rules are the real ledger's, and are tested there."""
        loss = hashlib.sha256(b"".join(request.parts)).digest()
        if (loss, request.lost_count) not in self.accepted:
            raise LossNotAccepted
        receipt = None
        with self.lock:
            for one in request.standings:
                party = Party(one.party.kind, one.party.id)
                first = next(change for change in self.changes if change.index == one.first_index)
                change = _change(party, self.standings[party], one.digest or NO_STANDING, change="REISSUED")
                if self.standings[party] != change.digest:
                    self.change(change, held=first.replaced_digest if one.digest else b"", lost=loss)
                    self._end(party.id)
                    receipt = self._append()
        return receipt

    def _end(self, person: str) -> None:
        self.sessions = {tag: whose for tag, whose in self.sessions.items() if whose != person}

    def _append(self) -> Receipt:
        receipt = Receipt(index=self.entered, leaf=hashlib.sha256(str(self.entered).encode()).digest())
        self.entered += 1
        return receipt

    def _answered(self, receipt: Receipt) -> Receipt:
        if self.loses_answers:
            self.loses_answers -= 1
            raise DependencyUnavailable
        return receipt

    def _up(self) -> None:
        if self.is_down:
            raise DependencyUnavailable


def _changes(act: PendingAct) -> list[ChangeOfStanding]:
    found = [act.effect] if isinstance(act.effect, ChangeOfStanding) else []
    if isinstance(act.addition, FirstParties):
        first = act.addition
        found += [first.organisation_change, first.system_change, first.person_change]
    return found


@dataclass
class LedgerServicer(rpc.LedgerServiceServicer):
    """Acts under tokens."""

    ledger: FakeLedger

    def Enter(self, request: pb.EnterRequest, context: grpc.ServicerContext) -> pb.EnterResponse:
        act = current_caller().act
        assert act is not None
        return _enter_response(self.ledger.enter(_pending(request, act, self.ledger.clock), is_retry=False))


@dataclass
class ProcessServicer(rpc.ProcessServiceServicer):
    """What identity enters without a person."""

    ledger: FakeLedger
    keys: Callable[[], VerificationKeys]

    def ResumeAct(self, request: pb.ResumeActRequest, context: grpc.ServicerContext) -> pb.ResumeActResponse:
        act = tokens.verify(
            request.token, self.keys(), environment="synthetic", audience="identity", clock=_Issued(request.token)
        )
        entered = self.ledger.resume(_pending(request.act, act, self.ledger.clock))
        return pb.ResumeActResponse(receipt=_receipt(entered.receipt), state=_state(entered))

    def EnterSession(self, request: pb.EnterSessionRequest, context: grpc.ServicerContext) -> pb.EnterSessionResponse:
        now = self.ledger.clock.now()
        session = Session(
            tag=request.session_tag,
            handle_digest=b"",
            person=request.person,
            organisation=request.organisation,
            channel=request.channel,
            started_at=now,
            expires_at=now,
            last_used_at=now,
        )
        entered = self.ledger.enter_session(
            session, person_digest=request.person_digest, organisation_digest=request.organisation_digest
        )
        response = pb.EnterSessionResponse(receipt=_receipt(entered.receipt))
        response.expires_at.FromDatetime(entered.expires_at)
        return response

    def EnterRefusals(
        self, request: pb.EnterRefusalsRequest, context: grpc.ServicerContext
    ) -> pb.EnterRefusalsResponse:
        self.ledger.enter_refusal(
            Refusal(
                act=request.act,
                rule=request.rule,
                person=request.person,
                organisation=request.organisation,
                session_tag=request.session_tag,
                count=request.count,
            )
        )
        newest = self.ledger.entered - 1
        return pb.EnterRefusalsResponse(receipt=pb.Receipt(index=newest, leaf=bytes(32)))

    def ListStandingChanges(
        self, request: pb.ListStandingChangesRequest, context: grpc.ServicerContext
    ) -> pb.ListStandingChangesResponse:
        return pb.ListStandingChangesResponse(
            changes=[
                pb.StandingChange(
                    party=pb.Party(kind=one.party.kind, id=one.party.id),
                    act_id=one.act_id,
                    index=one.index,
                    change=one.change,
                    digest=one.digest,
                    replaced_digest=one.replaced_digest,
                    held_digest=one.held_digest,
                    lost_digest=one.lost_digest,
                )
                for one in self.ledger.changes
                if one.index >= request.from_index
            ],
            next_index=self.ledger.entered,
            size=self.ledger.entered,
        )

    def ReissueStandings(
        self, request: pb.ReissueStandingsRequest, context: grpc.ServicerContext
    ) -> pb.ReissueStandingsResponse:
        return pb.ReissueStandingsResponse(receipt=_receipt(self.ledger.reissue(request)))

    def EnterEnrolment(
        self, request: pb.EnterEnrolmentRequest, context: grpc.ServicerContext
    ) -> pb.EnterEnrolmentResponse:
        change = _change(Party("person", request.person), request.previous_digest, request.digest)
        act = self._act(ActName(request.person, "enrol", request.idempotency_key), Shape.ENROLMENT, change)
        return pb.EnterEnrolmentResponse(receipt=_receipt(self.ledger.enter(act, is_retry=False).receipt))

    def EnterFounding(
        self, request: pb.EnterFoundingRequest, context: grpc.ServicerContext
    ) -> pb.EnterFoundingResponse:
        name = ActName("", "found", hashlib.sha256(request.SerializeToString(deterministic=True)).hexdigest())
        known = self.ledger.acts.get(name)
        if known is None and self.ledger.standings:
            raise AlreadyFounded
        receipt = known[1] if known else None
        for party in request.parties:
            change = _change(Party(party.party.kind, party.party.id), b"", party.digest)
            if known is None:
                each = ActName("", party.party.kind, name.key)
                receipt = self.ledger.enter(self._act(each, Shape.TOKEN, change), is_retry=False).receipt
        self.ledger.acts[name] = (b"", receipt)
        return pb.EnterFoundingResponse(receipt=_receipt(receipt))

    def EnterStop(self, request: pb.EnterStopRequest, context: grpc.ServicerContext) -> pb.EnterStopResponse:
        after = standing_pb2.ServiceStanding.FromString(request.standing)
        assert after.is_stopped
        digest = hashlib.sha256(request.standing).digest()
        change = _change(Party("service", after.environment), request.previous_digest, digest, change=request.change)
        act = self._act(ActName("", "stop", request.idempotency_key), Shape.STOP, change)
        return pb.EnterStopResponse(receipt=_receipt(self.ledger.enter(act, is_retry=False).receipt))

    def _act(self, name: ActName, shape: Shape, effect: Effect) -> PendingAct:
        return PendingAct(
            name=name,
            # As the real one: the same key with another change is another request.
            request_digest=effect.digest if isinstance(effect, ChangeOfStanding) else b"",
            subject=Party("", ""),
            shape=shape,
            effect=effect,
            started_at=self.ledger.clock.now(),
        )


class _Issued:
    """The clock of a token's own time: resuming comes later than any token lives."""

    def __init__(self, token: str) -> None:
        claims = token.split(".")[1]
        issued = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["iat"]
        self._now = datetime.fromtimestamp(issued, UTC)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return 0.0


def _pending(request: pb.EnterRequest, act: tokens.Act, clock: Clock) -> PendingAct:
    match request.WhichOneof("effect"):
        case "change_standing":
            change = request.change_standing
            effect: Effect = _change(
                Party(change.party.kind, change.party.id),
                change.previous_digest,
                change.digest,
                change=change.change,
                ends_sessions=change.ends_sessions,
            )
        case "mediate":
            mediate = request.mediate
            effect = ChangeOfMediation(
                session=str(act.sid),
                beneficiary=mediate.beneficiary,
                organisation=mediate.organisation,
                beneficiary_digest=mediate.beneficiary_digest,
                organisation_digest=mediate.organisation_digest,
                until=mediate.until.ToDatetime(UTC) if mediate.beneficiary else None,
            )
        case "end_sessions":
            ending = request.end_sessions
            effect = EndOfSessions(person=str(act.sub), tags=tuple(ending.session_tags), is_all=ending.all)
        case _:
            effect = Note()
    return PendingAct(
        name=ActName(str(act.sub), act.mth, request.idempotency_key),
        request_digest=bytes.fromhex(act.req),
        subject=Party("", ""),
        shape=Shape.TOKEN,
        effect=effect,
        started_at=clock.now(),
    )


def _change(
    party: Party, previous: bytes, digest: bytes, *, change: str = "CHANGED", ends_sessions: bool = False
) -> ChangeOfStanding:
    return ChangeOfStanding(
        party=party,
        previous_digest=previous,
        standing=b"",
        digest=digest,
        change=change,
        ends_sessions=ends_sessions,
    )


def _enter_response(entered: Entered) -> pb.EnterResponse:
    return pb.EnterResponse(receipt=_receipt(entered.receipt), act_id=bytes(32), state=_state(entered))


def _state(entered: Entered) -> pb.ActState.ValueType:
    return pb.ACT_STATE_NOT_DONE if entered.receipt is None else pb.ACT_STATE_DONE


def _receipt(receipt: Receipt | None) -> pb.Receipt | None:
    return None if receipt is None else pb.Receipt(index=receipt.index, leaf=receipt.leaf)
