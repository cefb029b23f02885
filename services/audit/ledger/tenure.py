"""What a leader knows of the log, the same for a standby that follows it, and how a batch is staged upon that."""

from __future__ import annotations

import logging
import secrets
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, TypeVar

from services.audit.ledger import checkpoint, entry_format
from services.audit.ledger.domain import act as acts
from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.entry import (
    Draft,
    Entry,
    LogFounded,
    Outcome,
    Receipt,
    StandingChanged,
    SubjectKind,
    TaggedSubject,
)
from services.audit.ledger.domain.key_row import KeyRow, State
from services.audit.ledger.domain.keyring import Keyring, Unreadable, leaf_of
from services.audit.ledger.domain.registers import Registers
from services.audit.ledger.domain.tree import Tree
from services.audit.ledger.domain.work import Batch, Decision, Work
from services.audit.ledger.ports import (
    BatchTransaction,
    Published,
    Store,
    StoreChanged,
    StoredAct,
    StoredEntry,
    Writing,
)
from services.runtime.errors import DependencyUnavailable, LedgerGapOpen

log = logging.getLogger(__name__)

T = TypeVar("T")

POSITION = struct.Struct(">QQ32s32s")
SUM = 1 << 256


@dataclass(kw_only=True)
class Tenure:
    """What the leader holds between two batches; it changes as entries are staged, and is dropped if a commit fails.

    A standby holds the same, and takes in what the leader wrote.
    """

    epoch: int
    keyring: Keyring
    registers: Registers
    tree: Tree
    state_rows: int
    standing_sum: int
    limits_digest: bytes
    checkpoint: str
    pending: dict[bytes, datetime]
    """Unsettled acts of other processes, oldest first."""
    own_unsettled: list[bytes]
    verifier_key: str
    decoy: bytes
    """A sealed row that is opened where there is none, so that both take as long."""

    @property
    def origin(self) -> str:
        """The log's origin line."""
        return checkpoint.origin_of(self.keyring.environment)

    def published(self) -> Published:
        """Return what others may be shown now."""
        return Published(
            size=self.tree.size,
            checkpoint=self.checkpoint,
            verifier_key=self.verifier_key,
            tree=self.tree,
            keyring=self.keyring,
            gaps=tuple((gap.index, gap.statement(self.origin)) for gap in self.registers.gaps.published),
        )

    def take_in(self, stored: StoredEntry) -> None:
        """Take in an entry that a leader wrote, the next of the log; raises StoreChanged, Unreadable, ValueError."""
        entry = opened(self.keyring, stored, self.origin)
        self.note_effect(entry)
        self.registers.apply(entry)
        self.tree.append(stored.leaf)

    def note_effect(self, entry: Entry) -> None:
        """Take note of what an entry changes beside the registers, which must not have it yet."""
        if isinstance(changed := entry.draft.effect, StandingChanged):
            kind, party = changed.party_kind, changed.party_id
            old = self.registers.standings.get((kind, party))
            self.standing_sum -= self.keyring.standing_share(kind, party, old) if old else 0
            self.standing_sum += self.keyring.standing_share(kind, party, changed.digest)
            self.standing_sum %= SUM
        if isinstance(entry.draft.effect, LogFounded):
            self.limits_digest = entry.draft.effect.limits_digest

    def position(self) -> bytes:
        """Return where everything ends, sealed; an older row of any register does not fit it."""
        content = POSITION.pack(
            self.tree.size, self.state_rows, self.standing_sum.to_bytes(32, "big"), self.limits_digest
        )
        return self.keyring.seal_position(content)


@dataclass(frozen=True, kw_only=True)
class Prepared(Generic[T]):
    """One piece of work, decided and made, and not staged yet."""

    decision: Decision[T]
    made: Sequence[tuple[Entry, StoredEntry]]
    receipts: tuple[Receipt, ...]
    acts: Mapping[Act, bytes]
    rows: Mapping[bytes, bytes]

    def answer(self) -> T:
        """Return the work's answer, or raise its refusal."""
        if self.decision.refusal is not None:
            raise self.decision.refusal
        return self.decision.answer(self.receipts)


@dataclass(kw_only=True)
class Staged:
    """A batch that is being decided: later pieces of work see what earlier ones did."""

    batch: Batch
    acts: dict[bytes, Act]
    children: dict[int, KeyRow]
    unreadable: frozenset[bytes]
    entries: list[StoredEntry] = field(default_factory=list)
    tags: list[tuple[bytes, int]] = field(default_factory=list)
    spent: list[str] = field(default_factory=list)
    changed_acts: dict[bytes, StoredAct] = field(default_factory=dict)
    rows: dict[bytes, bytes] = field(default_factory=dict)
    standings: dict[tuple[str, str], bytes] = field(default_factory=dict)
    states: list[tuple[int, bytes]] = field(default_factory=list)
    tiles: list[tuple[int, bytes]] = field(default_factory=list)
    own_acts: list[bytes] = field(default_factory=list)

    @classmethod
    def read(
        cls, tenure: Tenure, transaction: BatchTransaction, works: Sequence[Work[Any]], *, now: datetime
    ) -> Staged:
        """Return a batch with the rows that its pieces of work must know: two statements, whatever they are."""
        keyring = tenure.keyring
        act_ids = {act_id for work in works for act_id in work.act_ids(keyring)}
        found_acts, unreadable = _acts(keyring, transaction.acts(act_ids) if act_ids else {})
        numbers = {number for work in works for number in work.numbers(keyring, found_acts)}
        children = _children(tenure, transaction, numbers) if numbers else {}
        last = tenure.registers.last_at
        batch = Batch(
            now=now,
            at=now if last is None else max(now, last),
            keyring=keyring,
            registers=tenure.registers,
            acts=found_acts,
            children=children,
            pending=tenure.pending,
        )
        return cls(batch=batch, acts=found_acts, children=children, unreadable=unreadable)

    def prepare(self, tenure: Tenure, work: Work[T]) -> Prepared[T]:
        """Decide one piece of work and make all that could fail; nothing is staged yet.

        Raises ServiceError where nothing is written.
        """
        if not self.unreadable.isdisjoint(work.act_ids(tenure.keyring)):
            raise DependencyUnavailable
        # Here and nowhere else: whatever work does not say of itself that a gap needs it is refused while one is open.
        if self.batch.registers.gaps.is_open and not getattr(work, "goes_on_in_a_gap", False):
            raise LedgerGapOpen
        decision = work.decide(self.batch)
        made = _entries(tenure, self.batch.at, decision.entries)
        receipts = tuple(Receipt(stored.index, stored.leaf) for _, stored in made)
        placed = tuple(
            act if act.leaf else replace(act, index=receipts[-1].index, leaf=receipts[-1].leaf) for act in decision.acts
        )
        keyring = tenure.keyring
        return Prepared(
            decision=decision,
            made=made,
            receipts=receipts,
            acts={act: keyring.seal_act(act.act_id, acts.to_bytes(act)) for act in placed},
            rows={
                tag: keyring.seal_row(tag, row) for row in decision.children for tag in [keyring.child_tag(row.number)]
            },
        )

    def stage(self, tenure: Tenure, prepared: Prepared[T]) -> Callable[[], T]:
        """Stage what was prepared, and return what makes the answer after the commit, or raises the refusal."""
        decision = prepared.decision
        for entry, stored in prepared.made:
            self.stage_entry(tenure, entry, stored)
        self.children.update((row.number, row) for row in decision.children)
        self.rows.update(prepared.rows)
        for act, sealed in prepared.acts.items():
            self._stage_act(tenure, act, sealed)
        for row in decision.states:
            self.states.append((tenure.state_rows, tenure.keyring.seal_state(tenure.state_rows, row)))
            tenure.state_rows += 1
            tenure.registers.take(row)
        return prepared.answer

    def writing(self, tenure: Tenure) -> Writing:
        """Return all that the batch writes, its checkpoint signed."""
        keyring = tenure.keyring
        tenure.checkpoint = checkpoint.sign(tenure.origin, tenure.tree.size, tenure.tree.root(), keyring.checkpoint_key)
        # The order of tags must not say which of them belong to one entry.
        secrets.SystemRandom().shuffle(self.tags)
        return Writing(
            entries=self.entries,
            tags=self.tags,
            spent=self.spent,
            children=self.rows,
            acts=self.changed_acts,
            standings={
                tag: keyring.seal_standing(tag, f"{kind}\0{party}\0".encode() + digest)
                for (kind, party), digest in self.standings.items()
                for tag in [keyring.party_tag(kind, party)]
            },
            states=self.states,
            tiles=self.tiles,
            position=tenure.position(),
            checkpoint=tenure.checkpoint,
        )

    def stage_entry(self, tenure: Tenure, entry: Entry, stored: StoredEntry) -> None:
        """Stage one entry at its place: in the registers, in the tree, and for the database."""
        registers, keyring = tenure.registers, tenure.keyring
        if entry.draft.jti and registers.spent_by(entry.draft.jti) is None:
            self.spent.append(entry.draft.jti)
        if isinstance(changed := entry.draft.effect, StandingChanged):
            self.standings[(changed.party_kind, changed.party_id)] = changed.digest
        tenure.note_effect(entry)
        registers.apply(entry)
        if completed := tenure.tree.append(stored.leaf):
            self.tiles.append(completed)
        self.entries.append(stored)
        self.tags += [(keyring.tag_of(subject), entry.index) for subject in entry.subjects]

    def _stage_act(self, tenure: Tenure, act: Act, sealed: bytes) -> None:
        self.acts[act.act_id] = act
        self.changed_acts[act.act_id] = StoredAct(act.index, act.at, act.state is ActState.PENDING, sealed)
        if act.state is not ActState.PENDING:
            tenure.pending.pop(act.act_id, None)
        elif act.settles_itself:
            self.own_acts.append(act.act_id)
        else:
            tenure.pending[act.act_id] = act.at


def opened(keyring: Keyring, stored: StoredEntry, origin: str) -> Entry:
    """Return a stored entry; raises Unreadable, ValueError, and StoreChanged if its leaf is another entry's.

    A place in the log may have been sealed for twice: in a batch that failed, or in a tail that was lost. The leaf,
    which the checkpoint signs, says which of both stands.
    """
    salt, body = keyring.open_body(stored.index, stored.sealed)
    entry = entry_format.decode(body)
    if (entry_format.said_leaf(entry, origin) or leaf_of(salt, body)) != stored.leaf:
        raise StoreChanged
    return entry


def enter_limits(store: Store, tenure: Tenure, now: datetime, limits_digest: bytes) -> None:
    """Enter that the log begins, or that its file of ceilings is another."""
    draft = Draft(
        act="log.founded" if tenure.tree.size == 0 else "limits.changed",
        outcome=Outcome.ALLOWED,
        rule="ENTERED",
        effect=LogFounded(tenure.origin, limits_digest),
    )
    enter_own(store, tenure, now, [(draft,)])


def enter_own(store: Store, tenure: Tenure, now: datetime, parts: Iterable[Sequence[Draft]]) -> None:
    """Enter what nobody asked for over a wire: all parts in one transaction, or none."""
    with store.batch() as transaction:
        for drafts in parts:
            staged = Staged.read(tenure, transaction, (), now=now)
            for entry, stored in _entries(tenure, staged.batch.at, drafts):
                staged.stage_entry(tenure, entry, stored)
            transaction.write(staged.writing(tenure), month=tenure.keyring.month)


def _children(tenure: Tenure, transaction: BatchTransaction, numbers: set[int]) -> dict[int, KeyRow]:
    keyring = tenure.keyring
    tags = {keyring.child_tag(number): number for number in numbers}
    found = transaction.children(tags)
    children = {}
    for tag, number in tags.items():
        sealed = found.get(tag)
        if sealed is None:
            keyring.open_row(b"decoy", tenure.decoy)
            continue
        try:
            row = keyring.open_row(tag, sealed)
        except Unreadable:
            # Nobody finds this child until the row is mended, and its number is not free either.
            log.error("key_row_unreadable")  # noqa: TRY400  # there is nothing to add that may be written
            row = KeyRow(number=number, root_key=bytes(32), state=State.VOID, authority="")
        # An older copy of the row does not open a record that was closed since.
        is_older = number in tenure.registers.limited and not row.is_limited and row.state is not State.VOID
        children[number] = replace(row, state=State.LIMITED) if is_older else row
    return children


def _entries(tenure: Tenure, at: datetime, drafts: Sequence[Draft]) -> list[tuple[Entry, StoredEntry]]:
    """Return drafts at their places: the next ones of the log, each subject with its next counter."""
    keyring, registers = tenure.keyring, tenure.registers
    counted: dict[bytes, int] = {}
    made = []
    for index, draft in enumerate(drafts, tenure.tree.size):
        subjects = []
        for one in draft.about:
            keyed = keyring.keyed_subject(one.kind, one.name)
            counted[keyed] = counted.get(keyed, registers.count_of(keyed)) + 1
            number = keyring.seal_number(int(one.name)) if one.kind is SubjectKind.CHILD else b""
            subjects.append(TaggedSubject(one.kind, keyed, counted[keyed], number))
        entry = Entry(index=index, at=at, draft=draft, subjects=tuple(subjects))
        body = entry_format.encode(entry, keyring.environment)
        sealed, leaf = keyring.seal_body(index, body)
        made.append((entry, StoredEntry(index, at, sealed, entry_format.said_leaf(entry, tenure.origin) or leaf)))
    return made


def _acts(keyring: Keyring, found: Mapping[bytes, bytes]) -> tuple[dict[bytes, Act], frozenset[bytes]]:
    """Return acts by name, and the names of those whose row is not as we wrote it."""
    opened: dict[bytes, Act] = {}
    for act_id, sealed in found.items():
        try:
            opened[act_id] = acts.from_bytes(keyring.open_act(act_id, sealed), act_id=act_id)
        except Unreadable:
            log.error("act_unreadable")  # noqa: TRY400  # there is nothing to add that may be written
    return opened, frozenset(found.keys() - opened.keys())
