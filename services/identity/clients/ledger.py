"""The ledger, kept by audit.ledger; an answer older than one we hold is not believed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc

from services.identity.domain.acts import (
    ChangeOfMediation,
    ChangeOfStanding,
    EndOfSessions,
    FirstParties,
    PendingAct,
    Receipt,
    Shape,
)
from services.identity.domain.session import Session
from services.identity.domain.standing import Party
from services.identity.ports import Entered, Refusal, SessionEntered
from services.runtime.channels import PeerChannel
from services.runtime.errors import LedgerBehind

log = logging.getLogger(__name__)


class NewestReceipt:
    """The newest receipt seen, in memory and, by whoever persists it, in our own database."""

    def __init__(self, kept: Receipt | None) -> None:
        self._lock = threading.Lock()
        self._newest = kept

    @property
    def newest(self) -> Receipt | None:
        """The newest receipt seen, None before the first."""
        return self._newest

    def index(self) -> int:
        """Return the newest receipt's position, -1 before the first."""
        return -1 if self._newest is None else self._newest.index

    def saw(self, receipt: Receipt) -> None:
        """Remember a receipt if it is newer."""
        with self._lock:
            if receipt.index > self.index():
                self._newest = receipt


class RemoteLedger:
    """The ledger over gRPC."""

    def __init__(self, channel: PeerChannel, newest: NewestReceipt) -> None:
        self._channel = channel
        self._acts = rpc.LedgerServiceStub(channel)
        self._process = rpc.ProcessServiceStub(channel)
        self._newest = newest

    def enter(self, act: PendingAct, *, is_retry: bool) -> Entered:
        return _ENTER[act.shape](self, act, is_retry)

    def resume(self, act: PendingAct) -> Entered:
        if act.shape is not Shape.TOKEN:
            # Named by us, not by a token: sent again it is the same act.
            return self.enter(act, is_retry=True)
        request = pb.ResumeActRequest(token=act.token or "", act=_enter_request(act))
        answer = self._channel.call(self._process.ResumeAct, request, idempotent=True)
        if answer.state != pb.ACT_STATE_DONE:
            return Entered(receipt=None)
        return Entered(receipt=self._seen(answer.receipt))

    def enter_session(self, session: Session, *, person_digest: bytes, organisation_digest: bytes) -> SessionEntered:
        request = pb.EnterSessionRequest(
            session_tag=session.tag,
            person=session.person,
            organisation=session.organisation,
            amr=[factor.method for factor in session.factors],
            channel=session.channel,
            person_digest=person_digest,
            organisation_digest=organisation_digest,
        )
        known = self._newest.index()
        answer = self._channel.call(self._process.EnterSession, request, idempotent=False)
        return SessionEntered(receipt=self._new(answer.receipt, known), expires_at=answer.expires_at.ToDatetime(UTC))

    def enter_refusal(self, refusal: Refusal) -> None:
        request = pb.EnterRefusalsRequest(
            act=refusal.act,
            rule=refusal.rule,
            person=refusal.person,
            organisation=refusal.organisation,
            session_tag=refusal.session_tag,
            count=refusal.count,
        )
        known = self._newest.index()
        answer = self._channel.call(self._process.EnterRefusals, request, idempotent=False)
        self._new(answer.receipt, known)

    def _enter(self, act: PendingAct, is_retry: bool) -> Entered:  # noqa: FBT001  # one of four alike
        known = self._newest.index()
        # Not repeated by the channel: a plain refusal of the first sending says that nothing was entered.
        answer = self._channel.call(self._acts.Enter, _enter_request(act), idempotent=False, with_act=True)
        if answer.state != pb.ACT_STATE_DONE:
            return Entered(receipt=None)
        return Entered(receipt=self._seen(answer.receipt) if is_retry else self._new(answer.receipt, known))

    def _enter_enrolment(self, act: PendingAct, is_retry: bool) -> Entered:  # noqa: FBT001  # one of four alike
        if not isinstance(act.effect, ChangeOfStanding):
            raise TypeError
        request = pb.EnterEnrolmentRequest(
            idempotency_key=act.name.key,
            person=act.effect.party.id,
            organisation=act.organisation,
            previous_digest=act.effect.previous_digest,
            digest=act.effect.digest,
        )
        known = self._newest.index()
        answer = self._channel.call(self._process.EnterEnrolment, request, idempotent=False)
        return Entered(receipt=self._seen(answer.receipt) if is_retry else self._new(answer.receipt, known))

    def _enter_founding(self, act: PendingAct, is_retry: bool) -> Entered:  # noqa: FBT001  # one of four alike
        if not isinstance(act.effect, ChangeOfStanding) or not isinstance(act.addition, FirstParties):
            raise TypeError
        first = act.addition
        changes = (act.effect, first.organisation_change, first.system_change, first.person_change)
        request = pb.EnterFoundingRequest(
            parties=[pb.FoundingParty(party=_party(change.party), digest=change.digest) for change in changes]
        )
        known = self._newest.index()
        answer = self._channel.call(self._process.EnterFounding, request, idempotent=False)
        return Entered(receipt=self._seen(answer.receipt) if is_retry else self._new(answer.receipt, known))

    def _enter_stop(self, act: PendingAct, is_retry: bool) -> Entered:  # noqa: FBT001  # one of four alike
        if not isinstance(act.effect, ChangeOfStanding):
            raise TypeError
        request = pb.EnterStopRequest(
            idempotency_key=act.name.key,
            previous_digest=act.effect.previous_digest,
            standing=act.effect.standing,
            change=act.effect.change,
        )
        known = self._newest.index()
        answer = self._channel.call(self._process.EnterStop, request, idempotent=False)
        return Entered(receipt=self._seen(answer.receipt) if is_retry else self._new(answer.receipt, known))

    def _seen(self, said: pb.Receipt) -> Receipt:
        receipt = Receipt(index=said.index, leaf=said.leaf)
        self._newest.saw(receipt)
        return receipt

    def _new(self, said: pb.Receipt, known: int) -> Receipt:
        # A new entry stands behind everything that was there when we asked.
        if said.index <= known:
            log.error("ledger_behind")
            raise LedgerBehind
        return self._seen(said)


_ENTER: dict[Shape, Callable[[RemoteLedger, PendingAct, bool], Entered]] = {
    Shape.TOKEN: RemoteLedger._enter,  # noqa: SLF001  # its own
    Shape.ENROLMENT: RemoteLedger._enter_enrolment,  # noqa: SLF001  # its own
    Shape.FOUNDING: RemoteLedger._enter_founding,  # noqa: SLF001  # its own
    Shape.STOP: RemoteLedger._enter_stop,  # noqa: SLF001  # its own
}


def _enter_request(act: PendingAct) -> pb.EnterRequest:
    match act.effect:
        case ChangeOfStanding():
            change = pb.ChangeStandingEffect(
                party=_party(act.effect.party),
                previous_digest=act.effect.previous_digest,
                digest=act.effect.digest,
                change=act.effect.change,
                ends_sessions=act.effect.ends_sessions,
            )
            return pb.EnterRequest(idempotency_key=act.name.key, change_standing=change)
        case EndOfSessions():
            ending = pb.EndSessionsEffect(session_tags=act.effect.tags, all=act.effect.is_all)
            return pb.EnterRequest(idempotency_key=act.name.key, end_sessions=ending)
        case ChangeOfMediation():
            mediating = pb.MediateEffect(
                beneficiary=act.effect.beneficiary,
                organisation=act.effect.organisation,
                beneficiary_digest=act.effect.beneficiary_digest,
                organisation_digest=act.effect.organisation_digest,
            )
            if act.effect.until is not None:
                mediating.until.FromDatetime(act.effect.until)
            return pb.EnterRequest(idempotency_key=act.name.key, mediate=mediating)
        case _:
            return pb.EnterRequest(idempotency_key=act.name.key, note=pb.NoteEffect())


def _party(party: Party) -> pb.Party:
    return pb.Party(kind=party.kind, id=party.id)
