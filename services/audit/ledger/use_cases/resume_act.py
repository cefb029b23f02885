"""An act that a person began and a crash stopped is driven on, under the name it was given then, or ended for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from services.audit.ledger import entry_format
from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Call, draft_of, entering_refusals
from services.audit.ledger.domain.entry import Outcome, Receipt, StandingChanged
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.effects import Asked, Entered, new_act
from services.audit.ledger.effects.change_standing import ChangeStanding
from services.audit.ledger.ports import Log, Writer
from services.audit.ledger.release_rule import ReleaseRule
from services.audit.ledger.use_cases.enter import EnterWork
from services.runtime.errors import KeyReused
from services.runtime.tokens import Act as Token

_CLOSING_HOLDS_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Resumed:
    """How the act stands; without a receipt it was never entered, and never will be."""

    receipt: Receipt | None
    state: ActState
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class ResumeAct:
    """Resumes acts."""

    writer: Writer
    log: Log
    rule: ReleaseRule
    verify: Callable[[str, str], Token]
    """Returns what a token says by its signature, for an audience, whatever time it is; raises NotAuthenticated."""

    def __call__(self, token: str, peer: str, asked: Asked, *, correlation: str = "") -> Resumed:
        """Return how the act stands, once that is durable; raises NotAuthenticated and what entering it raises."""
        call = Call(
            token=self.verify(token, peer),
            peer=peer,
            # The act is entered as it would have been then.
            method="/contactpoint.audit.ledger.v1.LedgerService/Enter",
            correlation=correlation,
        )
        resumed = self.writer.write(_Work(EnterWork(call, asked, self.rule)))
        effect = asked.effect
        if isinstance(effect, ChangeStanding) and resumed.receipt and not self._made(resumed.receipt, effect.digest):
            # A restored identity has forgotten the act, and planned it anew from an older standing: that never was.
            return Resumed(None, ActState.NOT_DONE)
        return resumed

    def _made(self, receipt: Receipt, digest: bytes) -> bool:
        """Return whether an act's entry says that exactly this standing was made."""
        keyring = self.writer.published().keyring
        (stored,) = self.log.entries_at([receipt.index])
        _, body = keyring.open_body(stored.index, stored.sealed)
        effect = entry_format.decode(body).draft.effect
        return isinstance(effect, StandingChanged) and effect.digest == digest


@dataclass(frozen=True)
class _Work:
    entering: EnterWork

    def act_ids(self, keyring: Keyring) -> Iterable[bytes]:
        return self.entering.act_ids(keyring)

    def numbers(self, keyring: Keyring, acts: Mapping[bytes, Act]) -> Iterable[int]:
        return self.entering.numbers(keyring, acts)

    def decide(self, batch: Batch) -> Decision[Resumed]:
        call, asked = self.entering.call, self.entering.asked
        act_id = self.entering.act_id(batch.keyring)
        known = batch.acts.get(act_id)
        if known is not None:
            if known.request_digest != call.token.req:
                raise KeyReused
            return Decision(answer=lambda _: _standing(known))
        now = batch.now.timestamp()
        if call.token.exp > now:
            return _resumed(self.entering.decide(batch))
        late = replace(self.entering, call=replace(call, is_resumed=True))
        # Closing only takes away, so a crash of an hour does not undo it.
        if asked.effect.name == "close_child" and now - call.token.iat <= _CLOSING_HOLDS_SECONDS:
            return _resumed(late.decide(batch))
        return entering_refusals(late.call, batch, lambda: self._ended(late.call, batch, act_id), act_id=act_id)

    def _ended(self, call: Call, batch: Batch, act_id: bytes) -> Decision[Resumed]:
        self.entering.rule.admit(call, batch, effect=self.entering.asked.effect.name)
        draft = draft_of(call, batch, outcome=Outcome.REFUSED, rule="TOO_LATE", act_id=act_id)
        act = new_act(call, batch, act_id, ActState.NOT_DONE)
        return Decision(entries=(draft,), acts=(act,), answer=lambda _: Resumed(None, ActState.NOT_DONE))


def _resumed(entered: Decision[Entered]) -> Decision[Resumed]:
    def answer(receipts: tuple[Receipt, ...]) -> Resumed:
        found = entered.answer(receipts)
        return Resumed(found.receipt, found.state, found.number)

    return Decision(
        entries=entered.entries,
        refusal=entered.refusal,
        children=entered.children,
        acts=entered.acts,
        states=entered.states,
        answer=answer,
    )


def _standing(act: Act) -> Resumed:
    if act.state is ActState.NOT_DONE:
        return Resumed(None, ActState.NOT_DONE)
    return Resumed(Receipt(act.index, act.leaf), ActState.DONE, act.number)
