"""A ledger in memory, as the directory sees it: entries, handles, versions, states; honest, and breakable by tests."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from services.directory.domain import numbers
from services.directory.domain.naming import uuid_of
from services.directory.domain.reasons import Reason
from services.directory.domain.statements import Section
from services.directory.errors import SearchNeeded, TokenSpent
from services.directory.ports import (
    ActState,
    EnteredAct,
    EnteredIntake,
    EnteredSearch,
    Look,
    NewChild,
    OwnChild,
    OwnChildren,
    OwnCount,
    OwnInvolvement,
    Receipt,
    ShownCandidate,
    StatementKey,
)
from services.runtime.caller import Caller, current_caller
from services.runtime.errors import BeingChanged, DependencyUnavailable, KeyReused, NotFound

SLOT = 8
_LONDON = ZoneInfo("Europe/London")
MOST_SHOWN = 20
WHOLE_NAME, NOTHING_ELSE = 1, 2
_OPENED_TOGETHER = {
    Section.SERVICES: (Section.IDENTITY, Section.SERVICES),
    Section.HOME: (Section.HOME,),
    Section.IDENTITY: (),
}


@dataclass
class Versions:
    """The versions of one source's statements in one section."""

    head: int = 0
    last: int = 0
    pending_act: bytes = b""


@dataclass
class Child:
    """One child's key row."""

    number: int
    root: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    is_limited: bool = False
    is_void: bool = False
    authority: str = ""
    own: set[str] = field(default_factory=set)
    statements: dict[tuple[Section, UUID], Versions] = field(default_factory=dict)

    def key(self, section: Section, source: UUID, version: int) -> StatementKey:
        said = bytes([section.value]) + source.bytes + version.to_bytes(4, "big")
        key = hmac.digest(self.root, said, hashlib.sha256) if version else b""
        return StatementKey(section=section, source=source, version=version, key=key)


@dataclass
class Act:
    """One act."""

    digest: str
    receipt: Receipt
    numbers: tuple[int, ...]
    state: ActState
    person: str
    own: OwnInvolvement = OwnInvolvement.AS_BEFORE
    involvement: UUID | None = None


@dataclass(frozen=True)
class Own:
    """One own current involvement."""

    person: str
    number: int
    involvement: UUID
    confirmed_at: datetime


@dataclass(frozen=True)
class Entry:
    """What the fake remembers of an entry."""

    act: str
    number: int = 0
    outcome: str = "ALLOWED"
    reason: str = ""
    section: Section | None = None


@dataclass(frozen=True)
class Search:
    """A search that a creation may refer to."""

    session: str
    digest: bytes
    is_good: bool
    limited: frozenset[int]


class FakeLedger:
    """Keeps ports.Ledger and ports.Settlements."""

    def __init__(self, caller: Callable[[], Caller] = current_caller) -> None:
        self._caller = caller
        self.entries: list[Entry] = []
        self.children: dict[int, Child] = {}
        self.acts: dict[bytes, Act] = {}
        self.handles: dict[bytes, tuple[str, int]] = {}
        self.searches: dict[bytes, Search] = {}
        self.spent: set[str] = set()
        self.unsettled_for_long: bool = True
        self.is_down = False
        self.index_key = bytes(range(32))
        self.next_number = 1_000_000_000
        self.own: list[Own] = []
        self.now: Callable[[], datetime] = lambda: datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
        self.fails_before_settling = 0

    # What tests do to it.

    def limit(self, number: int) -> None:
        """Close a child's record."""
        self.children[number].is_limited = True

    def handle_for(self, number: int) -> bytes:
        """Return a handle of the present session, as a search would have given."""
        return self._mint(number)

    def forget_handles(self) -> None:
        """Let every handle expire."""
        self.handles.clear()

    def newest(self) -> Receipt:
        """Return the receipt of the newest entry."""
        return _receipt(len(self.entries) - 1)

    # ports.Ledger

    def enter_search(
        self, candidates: bytes, *, criteria_digest: bytes, name_and_date_only: bool, too_little: bool
    ) -> EnteredSearch:
        self._up()
        self._spend()
        found = [candidates[at : at + SLOT] for at in range(0, len(candidates), SLOT)]
        shown: list[ShownCandidate] = []
        limited: set[int] = set()
        for position, slot in enumerate(found):
            number, claims = int.from_bytes(slot[:5], "big"), slot[6]
            child = self.children.get(number)
            if child is None or child.is_void:
                continue
            if child.is_limited:
                if claims & WHOLE_NAME:
                    limited.add(number)
                if claims & (WHOLE_NAME | NOTHING_ELSE) != (WHOLE_NAME | NOTHING_ELSE):
                    continue
            shown.append(ShownCandidate(position=position, handle=self._mint(number), is_limited=child.is_limited))
        too_many = len(shown) > MOST_SHOWN
        receipt = self._enter(Entry("search", outcome="REFUSED" if too_little or too_many else "ALLOWED"))
        handle = secrets.token_bytes(64)
        is_good = name_and_date_only and not too_little and not too_many
        self.searches[handle] = Search(self._session(), criteria_digest, is_good, frozenset(limited))
        rows = () if too_many or too_little else tuple(shown)
        return EnteredSearch(receipt=receipt, shown=rows, search_handle=handle, add_details=too_many)

    def enter_look(self, handle: bytes, reason: Reason, section: Section) -> Look:
        self._up()
        self._spend()
        session, number = self.handles.get(handle, ("", 0))
        return self._look(number if session == self._session() else 0, reason, section)

    def enter_look_by_number(self, number: int, reason: Reason, section: Section, *, whole_current_name: bool) -> Look:
        self._up()
        self._spend()
        child = self.children.get(number)
        is_hidden = child is not None and child.is_limited and not whole_current_name
        return self._look(0 if is_hidden else number, reason, section)

    def enter_creation(
        self,
        *,
        idempotency_key: str,
        search_handle: bytes,
        criteria_digest: bytes,
        candidates: bytes,
        source: UUID,
        sections: Sequence[Section],
        authority: str,
    ) -> EnteredAct:
        act_id, again = self._act(idempotency_key)
        if again is not None:
            return self._entered(act_id, again, source)
        search = self.searches.get(search_handle)
        if (
            search is None
            or search.session != self._session()
            or not search.is_good
            or search.digest != criteria_digest
        ):
            self._enter(Entry("creation", outcome="REFUSED"))
            raise SearchNeeded
        met = set(search.limited)
        for at in range(0, len(candidates), SLOT):
            number, claims = int.from_bytes(candidates[at : at + 5], "big"), candidates[at + 6]
            if claims & WHOLE_NAME and number in self.children and self.children[number].is_limited:
                met.add(number)
        child = self._new_child(act_id, source, sections, authority, is_limited=bool(met))
        return self._entered(act_id, self._begun(act_id, (child.number,)), source)

    def enter_statements(
        self,
        *,
        idempotency_key: str,
        handle: bytes,
        section: Section,
        source: UUID,
        own_involvement: OwnInvolvement,
        involvement_id: UUID | None = None,
    ) -> EnteredAct:
        act_id, again = self._act(idempotency_key)
        if again is not None:
            return self._entered(act_id, again, source)
        session, number = self.handles.get(handle, ("", 0))
        child = self.children.get(number) if session == self._session() else None
        if child is None or child.is_limited or child.is_void:
            self._enter(Entry("statements", outcome="EMPTY"))
            raise NotFound
        versions = child.statements.setdefault((section, source), Versions())
        if versions.pending_act:
            self._enter(Entry("statements", number, outcome="REFUSED"))
            raise BeingChanged
        versions.last += 1
        versions.pending_act = act_id
        begun = self._begun(act_id, (number,), own_involvement)
        begun.involvement = involvement_id
        return self._entered(act_id, begun, source)

    def enter_own_children(self, *, due_before: datetime, page_token: bytes) -> OwnChildren:
        self._up()
        self._spend()
        own = self._own()
        start = int.from_bytes(page_token, "big")
        page = own[start : start + MOST_SHOWN]
        receipt = self._enter(Entry("own_children"))
        children = tuple(
            OwnChild(
                number=one.number,
                handle=self._mint(one.number),
                involvement_id=one.involvement,
                last_confirmed_at=_midnight(one.confirmed_at),
                is_due=_midnight(one.confirmed_at) < due_before,
            )
            for one in page
        )
        is_last = start + MOST_SHOWN >= len(own)
        token = b"" if is_last else (start + MOST_SHOWN).to_bytes(4, "big")
        return OwnChildren(receipt=receipt, children=children, next_page_token=token, count=_own_count(own, due_before))

    def count_own_involvements(self, *, due_before: datetime) -> OwnCount:
        self._up()
        return _own_count(self._own(), due_before)

    def enter_note(self, *, idempotency_key: str) -> EnteredAct:
        act_id, again = self._act(idempotency_key)
        act = again or self._begun(act_id, ())
        act.state = ActState.DONE
        return EnteredAct(receipt=act.receipt, act_id=act_id, state=act.state)

    def enter_intake(
        self, *, idempotency_key: str, source: UUID, children: Sequence[tuple[Sequence[Section], str]]
    ) -> EnteredIntake:
        act_id, act = self._act(idempotency_key)
        if act is None:
            made = [self._new_child(act_id, source, sections, authority) for sections, authority in children]
            act = self._begun(act_id, tuple(child.number for child in made))
        is_pending = act.state is ActState.PENDING
        given = tuple(
            NewChild(number=number, keys=self._pending_keys(number, act_id, source)) for number in act.numbers
        )
        return EnteredIntake(receipt=act.receipt, act_id=act_id, state=act.state, children=given if is_pending else ())

    # ports.Settlements

    def settle(self, act_id: bytes, *, is_done: bool) -> ActState:
        self._up()
        if self.fails_before_settling:
            self.fails_before_settling -= 1
            raise DependencyUnavailable
        act = self.acts[act_id]
        self._enter(Entry("settled"))
        if act.state is not ActState.PENDING:
            return act.state
        act.state = ActState.DONE if is_done else ActState.NOT_DONE
        for child in map(self.children.__getitem__, act.numbers):
            for versions in child.statements.values():
                if versions.pending_act == act_id:
                    versions.head = versions.last if is_done else versions.head
                    versions.pending_act = b""
            child.is_void = not any(one.head or one.pending_act for one in child.statements.values())
            if is_done and act.own is OwnInvolvement.STARTS:
                child.own.add(act.person)
            if is_done and act.own is OwnInvolvement.ENDS:
                child.own.discard(act.person)
        if is_done:
            self._settle_own(act_id, act)
        return act.state

    def unsettled_acts(self) -> Sequence[bytes]:
        self._up()
        return tuple(act_id for act_id, act in self.acts.items() if act.state is ActState.PENDING)

    def open_index_key(self) -> bytes:
        self._up()
        self._enter(Entry("index_key"))
        return self.index_key

    # How it works.

    def _look(self, number: int, reason: Reason, section: Section) -> Look:
        child = self.children.get(number)
        if child is None or child.is_void:
            receipt = self._enter(Entry("look", outcome="EMPTY", reason=reason.code.value, section=section))
            return Look(receipt=receipt, is_found=False)
        opened = _OPENED_TOGETHER[section]
        if child.is_limited:
            opened = tuple(one for one in opened if one is Section.IDENTITY)
        receipt = self._enter(Entry("look", number, reason=reason.code.value, section=section))
        keys = [
            child.key(part, source, version)
            for (part, source), versions in child.statements.items()
            if part in opened
            for version in (versions.head, *((versions.last,) if versions.pending_act else ()))
            if version or versions.pending_act
        ]
        return Look(
            receipt=receipt,
            is_found=True,
            number=number,
            is_limited=child.is_limited,
            keys=tuple(keys),
            handle=self._mint(number),
            own_involvements=frozenset(one.involvement for one in self._own() if one.number == number),
        )

    def _own(self) -> list[Own]:
        act = self._caller().act
        assert act is not None
        mine = [one for one in self.own if one.person == act.sub and not self.children[one.number].is_limited]
        return sorted(mine, key=lambda one: (_midnight(one.confirmed_at), one.number, one.involvement.bytes))

    def _settle_own(self, act_id: bytes, act: Act) -> None:
        if act.own is OwnInvolvement.STARTS:
            self.own.append(Own(act.person, act.numbers[0], uuid_of(act_id, "involvement"), self.now()))
        elif act.own is OwnInvolvement.ENDS:
            self.own = [one for one in self.own if one.involvement != act.involvement]
        else:
            now = self.now()
            self.own = [
                replace(one, confirmed_at=now) if one.involvement == act.involvement else one for one in self.own
            ]

    def _new_child(
        self, act_id: bytes, source: UUID, sections: Sequence[Section], authority: str, *, is_limited: bool = False
    ) -> Child:
        self.next_number += 1
        while not numbers.is_child_number(self.next_number):
            self.next_number += 1
        child = Child(number=self.next_number, authority=authority, is_limited=is_limited)
        child.statements = {(section, source): Versions(0, 1, act_id) for section in sections}
        self.children[child.number] = child
        return child

    def _act(self, idempotency_key: str) -> tuple[bytes, Act | None]:
        self._up()
        caller = self._caller()
        said = caller.act
        assert said is not None
        actor = said.sub or said.sys or ""
        act_id = hashlib.sha256(f"{actor}/{said.mth}/{idempotency_key}".encode()).digest()
        known = self.acts.get(act_id)
        if known is not None and known.digest != said.req:
            self._enter(Entry("act", outcome="REFUSED"))
            raise KeyReused
        return act_id, known

    def _begun(self, act_id: bytes, children: tuple[int, ...], own: OwnInvolvement = OwnInvolvement.AS_BEFORE) -> Act:
        caller = self._caller()
        assert caller.act is not None
        receipt = self._enter(Entry(caller.act.mth, children[0] if children else 0))
        act = Act(caller.act.req, receipt, children, ActState.PENDING, caller.act.sub or "", own)
        self.acts[act_id] = act
        return act

    def _entered(self, act_id: bytes, act: Act, source: UUID) -> EnteredAct:
        (number,) = act.numbers
        child = self.children[number]
        is_pending = act.state is ActState.PENDING
        heads = tuple(
            child.key(section, of, versions.head)
            for (section, of), versions in child.statements.items()
            if versions.pending_act == act_id
        )
        return EnteredAct(
            receipt=act.receipt,
            act_id=act_id,
            state=act.state,
            number=number,
            head_keys=heads if is_pending else (),
            pending_keys=self._pending_keys(number, act_id, source) if is_pending else (),
            handle=self._mint(number),
        )

    def _pending_keys(self, number: int, act_id: bytes, source: UUID) -> tuple[StatementKey, ...]:
        child = self.children[number]
        return tuple(
            child.key(section, of, versions.last)
            for (section, of), versions in child.statements.items()
            if of == source and versions.pending_act == act_id
        )

    def _mint(self, number: int) -> bytes:
        handle = secrets.token_bytes(64)
        self.handles[handle] = (self._session(), number)
        return handle

    def _session(self) -> str:
        act = self._caller().act
        return (act.sid if act is not None else None) or ""

    def _spend(self) -> None:
        act = self._caller().act
        assert act is not None
        if act.jti in self.spent:
            raise TokenSpent
        self.spent.add(act.jti)

    def _enter(self, entry: Entry) -> Receipt:
        self.entries.append(entry)
        return self.newest()

    def _up(self) -> None:
        if self.is_down:
            raise DependencyUnavailable


def _receipt(index: int) -> Receipt:
    return Receipt(index, hashlib.sha256(index.to_bytes(8, "big")).digest())


def _midnight(moment: datetime) -> datetime:
    local = moment.astimezone(_LONDON)
    return datetime(local.year, local.month, local.day, tzinfo=_LONDON)


def _own_count(own: Sequence[Own], due_before: datetime) -> OwnCount:
    due = sum(_midnight(one.confirmed_at) < due_before for one in own)
    return OwnCount(total=len(own), due=due, oldest_confirmed_at=_midnight(own[0].confirmed_at) if own else None)
