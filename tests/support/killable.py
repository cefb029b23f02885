"""The ledger's, the directory's and shielding's own code in one Python process, killed where one likes.

Nothing is faked but the wire: requests and answers are the real messages, and the caller is who the token says.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb

from services.audit.ledger import translate, translate_losses, translate_shields, translate_standings
from services.audit.ledger.resumed_token import ResumedTokens
from services.audit.ledger.use_cases.enter import Enter
from services.audit.ledger.use_cases.enter_look import EnterLook
from services.audit.ledger.use_cases.list_ended_acts import ListEndedActs
from services.audit.ledger.use_cases.list_shield_steps import ListShieldSteps
from services.audit.ledger.use_cases.list_standing_changes import ListStandingChanges
from services.audit.ledger.use_cases.list_unsettled_acts import ListUnsettledActs
from services.audit.ledger.use_cases.lower_heads import LowerHeads
from services.audit.ledger.use_cases.recover_shield_steps import RecoverShieldSteps
from services.audit.ledger.use_cases.reissue_standings import ReissueStandings
from services.audit.ledger.use_cases.resume_act import ResumeAct
from services.audit.ledger.use_cases.settle import Settle
from services.runtime.caller import Caller, acting_for, current_caller
from services.runtime.peers import Peer
from services.runtime.tokens import Act
from tests.fakes.audit_ledger import ENVIRONMENT, Ledger
from tests.support.acts import SigningKey


class Killed(BaseException):
    """The process died here: nothing of it catches this."""


@dataclass
class Fate:
    """Where the process that runs a block is killed, or stands still."""

    _at: threading.local = field(default_factory=threading.local)

    def reach(self, point: str) -> None:
        """Say that the process is there: what was decided for this point happens, once."""
        waits: dict[str, Callable[[], None]] = getattr(self._at, "waits", {})
        passed: list[str] = getattr(self._at, "passed", [])
        passed.append(point)
        waits.pop(point, lambda: None)()

    @contextmanager
    def decided(self, point: str | None, what: Callable[[], None]) -> Iterator[list[str]]:
        """Decide what happens to this thread's process at a point of the block; yield the points that it passes."""
        self._at.waits = {} if point is None else {point: what}
        passed: list[str] = []
        self._at.passed = passed
        try:
            yield passed
        finally:
            self._at.waits = {}


def die() -> None:
    """Be killed."""
    raise Killed


@dataclass
class Seams:
    """A storage, with a point before and after each of some methods."""

    inner: Any
    fate: Fate
    names: Sequence[str]

    def __getattr__(self, name: str) -> Any:
        """Return the method, with its two points if it has them."""
        method = getattr(self.inner, name)
        if name not in self.names:
            return method

        def call(*arguments: Any, **named: Any) -> Any:
            self.fate.reach(f"before {name}")
            answer = method(*arguments, **named)
            self.fate.reach(f"after {name}")
            return answer

        return call


@dataclass
class Wire:
    """What a process calls the ledger over: a point when the request leaves, and one when the answer has come."""

    ledger: Ledger
    fate: Fate
    process: str
    key: SigningKey = field(default_factory=SigningKey)

    def unary_unary(self, path: str, *_: Any, **__: Any) -> str:
        """Return what a generated stub keeps of a method: its name."""
        return path

    def call(self, method: Any, request: Any, *, idempotent: bool, with_act: bool = False) -> Any:
        """Return the ledger's answer; raises its refusal."""
        del idempotent  # nothing is lost on this wire but by a kill
        name = str(method).rpartition("/")[2]
        act = current_caller().act if with_act else None
        self.fate.reach(f"before {name}")
        with acting_for(self._caller(act, str(method))):
            answer = getattr(self, f"_{name}")(type(request).FromString(request.SerializeToString()))
        self.fate.reach(f"after {name}")
        return answer

    def signed(self, act: Act, method: str) -> Caller:
        """Return the caller of an outside call under this token."""
        peer = Peer("gateway.edge", None, "c" * 64)
        return Caller(
            peer=peer, act=act, token=self.key.sign(act), digest=bytes.fromhex(act.req), method=method, channel=None
        )

    def _caller(self, act: Act | None, method: str) -> Caller:
        peer = Peer(self.process, None, "c" * 64)
        return Caller(peer=peer, act=act, token=None, digest=b"", method=method, channel=None)

    def _Enter(self, request: pb.EnterRequest) -> pb.EnterResponse:
        enter = Enter(writer=self.ledger.writer, rule=self.ledger.rule)
        return translate.act_answer(enter(translate.call_of(current_caller()), translate.act(request)))

    def _EnterLook(self, request: pb.EnterLookRequest) -> pb.EnterLookResponse:
        look = EnterLook(writer=self.ledger.writer, rule=self.ledger.rule)
        return translate.look_answer(look(translate.call_of(current_caller()), translate.look(request)))

    def _Settle(self, request: pb.SettleRequest) -> pb.SettleResponse:
        settle = Settle(writer=self.ledger.writer)
        return translate.settle_answer(settle(request.act_id, is_done=request.done, correlation=""))

    def _ListUnsettledActs(self, _: pb.ListUnsettledActsRequest) -> pb.ListUnsettledActsResponse:
        return pb.ListUnsettledActsResponse(act_ids=ListUnsettledActs(writer=self.ledger.writer)())

    def _ListEndedActs(self, request: pb.ListEndedActsRequest) -> pb.ListEndedActsResponse:
        listing = ListEndedActs(writer=self.ledger.writer, log=self.ledger.log)
        return translate_losses.ended_acts_answer(listing(request.from_index))

    def _LowerHeads(self, request: pb.LowerHeadsRequest) -> pb.LowerHeadsResponse:
        found = LowerHeads(writer=self.ledger.writer, log=self.ledger.log)(translate_losses.loss_part(request))
        return translate_losses.lowered_answer(found)

    def _ListStandingChanges(self, request: pb.ListStandingChangesRequest) -> pb.ListStandingChangesResponse:
        listing = ListStandingChanges(writer=self.ledger.writer, log=self.ledger.log)
        return translate_standings.changes_answer(listing(request.from_index))

    def _ReissueStandings(self, request: pb.ReissueStandingsRequest) -> pb.ReissueStandingsResponse:
        reissue = ReissueStandings(writer=self.ledger.writer, log=self.ledger.log)
        part, standings = translate_standings.loss_part(request), translate_standings.reissues(request)
        return translate_standings.reissued_answer(reissue(part, standings))

    def _ListShieldSteps(self, request: pb.ListShieldStepsRequest) -> pb.ListShieldStepsResponse:
        listing = ListShieldSteps(writer=self.ledger.writer, log=self.ledger.log)
        return translate_shields.steps_answer(listing(request.from_index))

    def _RecoverShieldSteps(self, request: pb.RecoverShieldStepsRequest) -> pb.RecoverShieldStepsResponse:
        recover = RecoverShieldSteps(writer=self.ledger.writer, log=self.ledger.log)
        return translate_shields.recovered_answer(recover(translate_shields.loss_part(request), request.position))

    def _ResumeAct(self, request: pb.ResumeActRequest) -> pb.ResumeActResponse:
        verify = ResumedTokens(keys=self.key, environment=ENVIRONMENT, clock=self.ledger.clock)
        resume = ResumeAct(writer=self.ledger.writer, log=self.ledger.log, rule=self.ledger.rule, verify=verify)
        return translate.resume_answer(resume(request.token, self.process, translate.act(request.act), correlation=""))
