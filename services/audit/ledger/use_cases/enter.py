"""An act: its entry, with its effect in the ledger or the keys for its effect elsewhere; the same in every retry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from services.audit.ledger.domain.act import Act
from services.audit.ledger.domain.calls import Call, child, draft_of, entering_refusals
from services.audit.ledger.domain.entry import Outcome, Receipt
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.effects import Asked, Entered
from services.audit.ledger.effects.accept_gap import AcceptGap
from services.audit.ledger.ports import Writer
from services.audit.ledger.release_rule import ReleaseRule
from services.runtime.errors import KeyReused


@dataclass(frozen=True, kw_only=True)
class Enter:
    """Enters acts."""

    writer: Writer
    rule: ReleaseRule

    def __call__(self, call: Call, asked: Asked) -> Entered:
        """Return what the act is given, once its entry is durable; in a retry, how it stands.

        Raises what the release rule refuses with, KeyReused, BeingChanged, SearchNeeded, RecordFull.
        """
        return self.writer.write(EnterWork(call, asked, self.rule))


@dataclass(frozen=True)
class EnterWork:
    """One act in its turn."""

    call: Call
    asked: Asked
    rule: ReleaseRule

    @property
    def goes_on_in_a_gap(self) -> bool:
        """Whether it is the act that ends a gap."""
        return isinstance(self.asked.effect, AcceptGap)

    def act_ids(self, keyring: Keyring) -> Iterable[bytes]:
        """Return the act's own name."""
        return (self.act_id(keyring),)

    def numbers(self, keyring: Keyring, acts: Mapping[bytes, Act]) -> Iterable[int]:
        """Return the child it was about the first time, or is about now."""
        known = acts.get(self.act_id(keyring))
        if known is not None:
            return (known.number,) if known.number else ()
        return self.asked.effect.numbers(keyring)

    def decide(self, batch: Batch) -> Decision[Entered]:
        """Return the act entered, or as it stands."""
        act_id = self.act_id(batch.keyring)
        return entering_refusals(
            self.call,
            batch,
            lambda: self._entered(batch, act_id),
            act_id=act_id,
            reason_code=self.asked.reason_code,
            reason_text=self.asked.reason_text,
        )

    def act_id(self, keyring: Keyring) -> bytes:
        """Return the act's name: HMAC(person or system, method, the request's idempotency key)."""
        return keyring.act_id(self.call.actor, self.call.token.mth, self.asked.idempotency_key)

    def _entered(self, batch: Batch, act_id: bytes) -> Decision[Entered]:
        effect = self.asked.effect
        self.rule.admit(self.call, batch, effect=effect.name, act_id=act_id)
        known = batch.acts.get(act_id)
        if known is not None:
            if known.request_digest != self.call.token.req:
                raise KeyReused
            receipt = Receipt(known.index, known.leaf)
            return Decision(answer=lambda _: effect.again(self.call, batch, known, receipt))
        happens = effect.happen(self.call, batch, self.rule, act_id)
        draft = draft_of(
            self.call,
            batch,
            outcome=Outcome.ALLOWED,
            rule=happens.rule,
            about=(*happens.about, *((child(happens.act.number),) if happens.act.number else ())),
            act_id=act_id,
            sections=happens.sections,
            effect=happens.effect,
            reason_code=self.asked.reason_code,
            reason_text=self.asked.reason_text,
        )
        return Decision(
            entries=(draft,),
            children=happens.children,
            acts=(happens.act,),
            states=happens.states,
            answer=lambda receipts: happens.answer(receipts[-1]),
        )
