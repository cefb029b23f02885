"""What an act may do, one file for each kind; `use_cases/enter.py` and `use_cases/resume_act.py` enter them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.audit.ledger.domain.act import Act, ActState
from services.audit.ledger.domain.calls import Call, fresh_handle
from services.audit.ledger.domain.entry import ENTERED, Effect, Receipt, Section, Subject
from services.audit.ledger.domain.gap import Gaps
from services.audit.ledger.domain.key_row import KeyRow
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.state_row import StateRow
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.release_rule import ReleaseRule, Version


@dataclass(frozen=True, slots=True)
class StatementKey:
    """One key, and what it opens; version 0 without a key: nothing stands yet."""

    version: Version
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """What an act is given."""

    receipt: Receipt
    act_id: bytes
    state: ActState
    number: int = 0
    head_keys: tuple[StatementKey, ...] = ()
    pending_keys: tuple[StatementKey, ...] = ()
    handle: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Effected:
    """What an act does, decided and not yet written."""

    act: Act
    answer: Callable[[Receipt], Entered]
    about: tuple[Subject, ...] = ()
    sections: tuple[Section, ...] = ()
    effect: Effect | None = None
    children: tuple[KeyRow, ...] = ()
    states: tuple[StateRow, ...] = ()
    rule: str = ENTERED
    """What the entry says of it."""


class ActEffect(Protocol):
    """One kind of effect, with what was asked of it."""

    @property
    def name(self) -> str:
        """Its field in EnterRequest.effect, as the contracts list it."""
        ...

    def numbers(self, keyring: Keyring) -> Iterable[int]:
        """Return the children whose key rows it must know, and the numbers that it may give away."""
        ...

    def happen(self, call: Call, batch: Batch, rule: ReleaseRule, act_id: bytes) -> Effected:
        """Return what happens; raises Refused where the rule, or the state of things, says no."""
        ...

    def again(self, call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
        """Return what a retry of the act is given."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an act says of itself."""

    idempotency_key: str
    reason_code: str
    reason_text: str
    effect: ActEffect


def new_act(call: Call, batch: Batch, act_id: bytes, state: ActState, **said: Any) -> Act:
    """Return an act as it is entered now; its place in the log is filled in when it has one."""
    return Act(
        act_id=act_id,
        request_digest=call.token.req,
        state=state,
        index=0,
        leaf=b"",
        at=batch.now,
        person=call.token.sub or "",
        **said,
    )


def as_it_stands(call: Call, batch: Batch, act: Act, receipt: Receipt) -> Entered:
    """Return what a retry of an act with its effect in the ledger is given: it has happened."""
    handle = fresh_handle(call, batch, act.number, by_whole_name=act.by_whole_name) if act.number else None
    return Entered(
        receipt=receipt,
        act_id=act.act_id,
        state=ActState.DONE if act.settles_itself else act.state,
        number=act.number,
        handle=batch.keyring.mint(handle) if handle else b"",
    )


def keys_of(
    keyring: Keyring, gaps: Gaps, row: KeyRow, act: Act
) -> tuple[tuple[StatementKey, ...], tuple[StatementKey, ...]]:
    """Return the keys of the versions that stand, and of those that a pending act writes."""
    heads, pending = [], []
    for written in act.written:
        for section in written.sections if written.number == row.number else ():
            found = row.statement(section, act.source)
            if found is None or found.pending_act != act.act_id:
                continue
            head = Version(section, act.source, found.head)
            key = keyring.section_key(row, section, act.source, found.head) if found.head else b""
            heads.append(StatementKey(head, key))
            for number in gaps.tried(found):
                version = Version(section, act.source, number)
                heads.append(StatementKey(version, keyring.section_key(row, section, act.source, number)))
            key = keyring.section_key(row, section, act.source, found.last)
            pending.append(StatementKey(Version(section, act.source, found.last), key))
    return tuple(heads), tuple(pending)


def with_keys(call: Call, batch: Batch, act: Act, row: KeyRow | None, receipt: Receipt) -> Entered:
    """Return what an act is given that writes statements: keys while it is pending, none once it is settled."""
    heads, pending = (
        keys_of(batch.keyring, batch.registers.gaps, row, act) if row and act.state is ActState.PENDING else ((), ())
    )
    handle = fresh_handle(call, batch, act.number, by_whole_name=act.by_whole_name)
    return Entered(
        receipt=receipt,
        act_id=act.act_id,
        state=act.state,
        number=act.number,
        head_keys=heads,
        pending_keys=pending,
        handle=batch.keyring.mint(handle),
    )
