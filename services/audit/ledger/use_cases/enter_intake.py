"""A supplier's batch of new children: one entry, a number and keys for each; it writes without reading."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from services.audit.ledger.domain import numbers
from services.audit.ledger.domain.act import Act, ActState, Written
from services.audit.ledger.domain.calls import Call, Refused, child, draft_of, entering_refusals
from services.audit.ledger.domain.entry import INTAKE, Outcome, Receipt, Section
from services.audit.ledger.domain.gap import Gaps
from services.audit.ledger.domain.key_row import KeyRow, State, Statement
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.effects import StatementKey, keys_of, new_act
from services.audit.ledger.errors import NotHere
from services.audit.ledger.ports import Writer
from services.audit.ledger.release_rule import ReleaseRule
from services.runtime.errors import BeingChanged, KeyReused

ONLY_IN = "synthetic"
"""Where batches are taken: until supplied rows are matched, only where no child is real."""
_DRAWN_BESIDES = 8


@dataclass(frozen=True, slots=True)
class NewChild:
    """One child of a batch."""

    sections: tuple[Section, ...]
    authority: str


@dataclass(frozen=True, kw_only=True)
class AskedIntake:
    """What a batch says of itself."""

    idempotency_key: str
    source: bytes
    children: tuple[NewChild, ...]


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The number and the keys of one child of the batch."""

    number: int
    keys: tuple[StatementKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What the batch is given, in its order."""

    receipt: Receipt
    act_id: bytes
    state: ActState
    children: tuple[TakenIn, ...]


@dataclass(frozen=True, kw_only=True)
class EnterIntake:
    """Enters batches."""

    writer: Writer
    rule: ReleaseRule

    def __call__(self, call: Call, asked: AskedIntake) -> Intake:
        """Return numbers and keys, once the entry is durable; in a retry the same ones, while the act is pending."""
        drawn = tuple(numbers.draw() for _ in range(len(asked.children) + _DRAWN_BESIDES))
        return self.writer.write(_Work(call, asked, self.rule, drawn))


@dataclass(frozen=True)
class _Work:
    call: Call
    asked: AskedIntake
    rule: ReleaseRule
    drawn: tuple[int, ...] = field(repr=False)

    def act_ids(self, keyring: Keyring) -> Iterable[bytes]:
        return (self._act_id(keyring),)

    def numbers(self, keyring: Keyring, acts: Mapping[bytes, Act]) -> Iterable[int]:
        known = acts.get(self._act_id(keyring))
        return self.drawn if known is None else tuple(one.number for one in known.written)

    def decide(self, batch: Batch) -> Decision[Intake]:
        act_id = self._act_id(batch.keyring)
        return entering_refusals(self.call, batch, lambda: self._taken_in(batch, act_id), act_id=act_id)

    def _act_id(self, keyring: Keyring) -> bytes:
        return keyring.act_id(self.call.actor, self.call.token.mth, self.asked.idempotency_key)

    def _taken_in(self, batch: Batch, act_id: bytes) -> Decision[Intake]:
        if self.rule.environment != ONLY_IN:
            raise Refused("NOT_IN_THIS_ENVIRONMENT", NotHere())
        self.rule.admit(self.call, batch, act_id=act_id)
        known = batch.acts.get(act_id)
        if known is not None:
            if known.request_digest != self.call.token.req:
                raise KeyReused
            receipt = Receipt(known.index, known.leaf)
            return Decision(answer=lambda _: _answer(batch.keyring, known, batch.children, receipt))
        self.rule.check_source(self.call, self.asked.source)
        self.rule.check_ceilings(self.call, batch, intake=len(self.asked.children))
        rows = self._rows(batch, act_id)
        written = tuple(Written(row.number, one.sections) for row, one in zip(rows, self.asked.children, strict=True))
        act = new_act(self.call, batch, act_id, ActState.PENDING, source=self.asked.source, written=written)
        draft = draft_of(
            self.call,
            batch,
            outcome=Outcome.ALLOWED,
            rule=INTAKE,
            about=[child(row.number) for row in rows],
            act_id=act_id,
            sections=tuple(sorted({section for one in self.asked.children for section in one.sections})),
        )
        by_number = {row.number: row for row in rows}
        return Decision(
            entries=(draft,),
            children=rows,
            acts=(act,),
            states=(None,),
            answer=lambda receipts: _answer(batch.keyring, act, by_number, receipts[-1]),
        )

    def _rows(self, batch: Batch, act_id: bytes) -> tuple[KeyRow, ...]:
        free = [number for number in dict.fromkeys(self.drawn) if number not in batch.children]
        if len(free) < len(self.asked.children):
            raise Refused("NUMBERS_TAKEN", BeingChanged())
        return tuple(
            KeyRow(
                number=number,
                root_key=os.urandom(32),
                state=State.OPEN,
                authority=one.authority,
                statements=tuple(Statement(section, self.asked.source, 0, 1, act_id) for section in one.sections),
            )
            for number, one in zip(free, self.asked.children, strict=False)
        )


def _answer(keyring: Keyring, act: Act, rows: Mapping[int, KeyRow], receipt: Receipt) -> Intake:
    children = []
    for one in act.written:
        row = rows.get(one.number)
        # New children: nothing of theirs stood before a gap.
        keys = keys_of(keyring, Gaps(), row, act)[1] if row and act.state is ActState.PENDING else ()
        children.append(TakenIn(one.number, keys))
    return Intake(receipt=receipt, act_id=act.act_id, state=act.state, children=tuple(children))
