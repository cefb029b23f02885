"""What the log knows of steps of shields that a restore has lost is told, so that each child is on a list again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.audit.ledger import entry_format
from services.audit.ledger.domain.act import Act
from services.audit.ledger.domain.calls import child
from services.audit.ledger.domain.entry import Draft, Outcome, Receipt
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.errors import LossNotAccepted, NoSuchAct
from services.audit.ledger.ports import Log, Writer
from services.audit.ledger.use_cases.list_shield_steps import closes, is_step
from services.audit.ledger.use_cases.lower_heads import ACCEPTED, LossPart

MOST = 20
"""How many steps are told in one call: no call tells of more children."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredStep:
    """What is known of one step; its ground was never in the log."""

    receipt: Receipt
    number: int
    person: str
    at: datetime
    closes: bool
    authority: str


@dataclass(frozen=True, slots=True)
class RecoveredSteps:
    """What is known of some steps."""

    steps: tuple[RecoveredStep, ...]
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class RecoverShieldSteps:
    """Tells of lost steps; nothing opens or closes by it, and it may be asked again."""

    writer: Writer
    log: Log

    def __call__(self, part: LossPart, position: int, *, correlation: str = "") -> RecoveredSteps:
        """Return what is known of the next steps of the part, once it is durable that it is told.

        Raises LossNotAccepted unless two custodians accepted exactly this loss; NoSuchAct for an entry that is no step
        of that name.
        """
        if part.own_digest not in part.parts:
            raise LossNotAccepted
        wanted = part.acts[position : position + MOST]
        if not wanted:
            raise NoSuchAct
        return self.writer.write(_Work(part, wanted, self._said(wanted), correlation))

    def _said(self, wanted: Iterable[tuple[bytes, int]]) -> Mapping[bytes, Draft]:
        keyring, named = self.writer.published().keyring, {index: act_id for act_id, index in wanted}
        said: dict[bytes, Draft] = {}
        for stored in self.log.entries_at(sorted(named)):
            _, body = keyring.open_body(stored.index, stored.sealed)
            draft = entry_format.decode(body).draft
            if is_step(draft) and draft.act_id == named[stored.index]:
                said[draft.act_id] = draft
        if said.keys() != set(named.values()):
            raise NoSuchAct
        return said


@dataclass(frozen=True)
class _Work:
    part: LossPart
    wanted: tuple[tuple[bytes, int], ...]
    said: Mapping[bytes, Draft]
    correlation: str

    def act_ids(self, _: Keyring) -> Iterable[bytes]:
        return [act_id for act_id, __ in self.wanted]

    def numbers(self, _: Keyring, acts: Mapping[bytes, Act]) -> Iterable[int]:
        return {acts[act_id].number for act_id, __ in self.wanted if act_id in acts}

    def decide(self, batch: Batch) -> Decision[RecoveredSteps]:
        if not batch.registers.losses.is_accepted(self.part.lost_digest, self.part.count):
            raise LossNotAccepted
        acts = [batch.acts[act_id] for act_id, _ in self.wanted if act_id in batch.acts]
        if len(acts) != len(self.wanted) or any(one.number not in batch.children for one in acts):
            raise NoSuchAct
        steps = tuple(
            RecoveredStep(
                receipt=Receipt(one.index, one.leaf),
                number=one.number,
                person=one.person,
                at=one.at,
                closes=closes(self.said[one.act_id]),
                authority=batch.children[one.number].authority,
            )
            for one in acts
        )
        return Decision(
            entries=tuple(self._draft(one) for one in acts),
            answer=lambda receipts: RecoveredSteps(steps, receipts[-1]),
        )

    def _draft(self, act: Act) -> Draft:
        return Draft(
            act="shield.recovered",
            outcome=Outcome.ALLOWED,
            rule=ACCEPTED,
            about=(child(act.number),),
            act_id=act.act_id,
            correlation=self.correlation,
        )
