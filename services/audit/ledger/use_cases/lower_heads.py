"""Acts that a restore has lost are taken back: heads go down to what is held; states and endings stay as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from services.audit.ledger import entry_format
from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import child
from services.audit.ledger.domain.entry import ActSettled, Draft, HeadsLowered, Outcome
from services.audit.ledger.domain.key_row import KeyRow, State
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.own_involvements import OwnEnded, involvement_of
from services.audit.ledger.domain.state_row import StateRow
from services.audit.ledger.domain.work import Batch, Decision
from services.audit.ledger.errors import LossNotAccepted, NoSuchAct
from services.audit.ledger.ports import Log, Writer
from services.runtime.errors import BeingChanged

ACCEPTED = "LOSS_ACCEPTED"
MOST_ACTS = 400
MOST_ROWS = 1000
"""In one transaction, unless the first act alone has more."""
_STARTS = 1
_FIRST_VERSION = 1


@dataclass(frozen=True, kw_only=True)
class LossPart:
    """One part of a loss, newest act first, with the digests of all parts."""

    acts: tuple[tuple[bytes, int], ...]
    """Each act's name, and the position of the entry that says that it ended done."""
    parts: tuple[bytes, ...]
    count: int
    """How many acts the whole loss has."""

    @property
    def lost_digest(self) -> bytes:
        """What custodians accept: the digest over the digests of all parts."""
        return hashlib.sha256(b"".join(self.parts)).digest()

    @property
    def own_digest(self) -> bytes:
        """The digest of this part."""
        return hashlib.sha256(b"".join(act_id for act_id, _ in self.acts)).digest()


@dataclass(frozen=True, slots=True)
class Lowered:
    """What one call did, and how many acts of the part are left."""

    lowered: int
    closed: int
    remaining: int


@dataclass(frozen=True, kw_only=True)
class LowerHeads:
    """Takes lost acts back, some in each call; what was taken back stays so, and is not done twice."""

    writer: Writer
    log: Log

    def __call__(self, part: LossPart, *, correlation: str = "") -> Lowered:
        """Return how far the part is once that is durable.

        Raises LossNotAccepted unless two custodians accepted exactly this loss; NoSuchAct for an entry that does not
        say that the act ended done; BeingChanged if somebody else does the same at this moment.
        """
        if part.own_digest not in part.parts:
            raise LossNotAccepted
        ends = self._ends(part)
        # Newest first: each act then finds the version that it wrote, or one that nobody can tell.
        newest_first = sorted(part.acts, key=lambda one: one[1], reverse=True)
        work = LowerWork(part, tuple((act_id, ends[act_id]) for act_id, _ in newest_first), correlation)
        return self.writer.write(work)

    def _ends(self, part: LossPart) -> dict[bytes, ActSettled]:
        """Return how each act ended, by its entry."""
        keyring = self.writer.published().keyring
        wanted = {index: act_id for act_id, index in part.acts}
        ends: dict[bytes, ActSettled] = {}
        for stored in self.log.entries_at(sorted(wanted)):
            _, body = keyring.open_body(stored.index, stored.sealed)
            draft = entry_format.decode(body).draft
            if isinstance(draft.effect, ActSettled) and draft.rule == ActState.DONE.name:
                ends[draft.effect.act_id] = draft.effect
        if ends.keys() != set(wanted.values()) or len(ends) != len(part.acts):
            raise NoSuchAct
        return ends


@dataclass
class LowerWork:
    """Some lost acts in their turn, newest first."""

    part: LossPart
    ends: tuple[tuple[bytes, ActSettled], ...]
    correlation: str = ""
    _planned: list[bytes] = field(default_factory=list)

    def act_ids(self, _: Keyring) -> Iterable[bytes]:
        """Return the acts of the part."""
        return [act_id for act_id, __ in self.ends]

    def numbers(self, _: Keyring, acts: Mapping[bytes, Act]) -> Iterable[int]:
        """Return the children of those acts that this call takes back."""
        numbers: set[int] = set()
        self._planned.clear()
        for act_id, __ in self.ends:
            act = acts.get(act_id)
            if act is None or act.state is not ActState.DONE:
                continue
            more = {one.number for one in act.written}
            if self._planned and (len(self._planned) == MOST_ACTS or len(numbers | more) > MOST_ROWS):
                break
            self._planned.append(act_id)
            numbers |= more
        return numbers

    def decide(self, batch: Batch) -> Decision[Lowered]:
        """Return the acts taken back; one that was taken back before is left alone."""
        if not batch.registers.losses.is_accepted(self.part.lost_digest, self.part.count):
            raise LossNotAccepted
        if any(batch.acts[act_id].state is not ActState.DONE for act_id in self._planned):
            raise BeingChanged
        left = sum(act_id in batch.acts and batch.acts[act_id].state is ActState.DONE for act_id, _ in self.ends)
        taking, ends = _TakingBack(batch), dict(self.ends)
        drafts, acts = [], []
        for act_id in self._planned:
            act = batch.acts[act_id]
            lowered, closed = taking.take_back(act, ends[act_id])
            drafts.append(self._draft(act, lowered, closed))
            # A retry by whoever did it is told that nothing of it was recorded, which is true by now.
            acts.append(replace(act, state=ActState.NOT_DONE))
        remaining = left - len(self._planned)
        return Decision(
            entries=tuple(drafts),
            acts=tuple(acts),
            children=tuple(taking.rows.values()),
            states=tuple(taking.states),
            answer=lambda _: Lowered(taking.lowered, taking.closed, remaining),
        )

    def _draft(self, act: Act, lowered: int, closed: int) -> Draft:
        return Draft(
            act="heads.lowered",
            outcome=Outcome.ALLOWED,
            rule=ACCEPTED,
            about=tuple(child(one.number) for one in act.written),
            act_id=act.act_id,
            correlation=self.correlation,
            effect=HeadsLowered(act.act_id, self.part.lost_digest, lowered, closed),
        )


class _TakingBack:
    """The key rows as they become, act by act."""

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self._ended: set[tuple[bytes, int, bytes]] = set()
        self.rows: dict[int, KeyRow] = {}
        self.states: list[StateRow] = []
        self.lowered = 0
        self.closed = 0

    def take_back(self, act: Act, end: ActSettled) -> tuple[int, int]:
        """Take one act back; return how many statements it lowered, and how many stay closed."""
        lowered = closed = 0
        for written in act.written:
            row = self.rows.get(written.number) or self._batch.children.get(written.number)
            if row is None:
                continue
            for section in written.sections:
                statement = row.statement(section, act.source)
                before = _before(end, statement.head) if statement else None
                if statement is None or before is None:
                    closed += 1
                    continue
                row = row.with_statement(replace(statement, head=before))
                lowered += 1
            row = self._without_what_it_started(act, row)
            # Nothing was ever held of a child whose creation is lost; a limited one stays limited.
            is_void = not row.is_limited and not any(one.head or one.pending_act for one in row.statements)
            self.rows[row.number] = replace(row, state=State.VOID) if is_void else row
        self.lowered += lowered
        self.closed += closed
        return lowered, closed

    def _without_what_it_started(self, act: Act, row: KeyRow) -> KeyRow:
        """Return the row without the involvement that the act started; one that it ended stays ended."""
        if act.own != _STARTS:
            self.states.append(None)
            return row
        own, tag = self._batch.registers.own, self._batch.keyring.own_tag(act.person)
        involvement = involvement_of(act.act_id)
        self._ended.add((tag, row.number, involvement))
        is_known = own.has(tag, row.number, involvement)
        self.states.append(OwnEnded(tag, row.number, involvement) if is_known else None)
        others = (one for one in own.with_child(tag, row.number) if (tag, row.number, one) not in self._ended)
        if any(others):
            return row
        return replace(row, own=tuple(one for one in row.own if one != act.person))


def _before(end: ActSettled, head: int) -> int | None:
    """Return the version that stood before an act, None if nobody knows, or if the act's version does not stand."""
    if end.new_head:
        return end.replaced_head if end.new_head == head else None
    # Acts with several statements create them, and before a first version there is none.
    return 0 if head == _FIRST_VERSION else None
