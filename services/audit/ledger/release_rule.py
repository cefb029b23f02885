"""The release rule: who is given which key, decided in the transaction that appends the entry. Nothing else decides it.

Steps, each marked where it happens:
(a) the token's method may cause this call with this effect and section, its role grants that method, the token is
    unspent, its session lives, and a mediator, and nobody else, looks for the one colleague whom the session names;
(b) every standing that the token was made from is the newest of its party;
(c) person, organisation, system and whole service are below the day's ceilings; an own involvement counts once, when
    it starts;
(d) the record's state lets this method have this section, and lets this handle name the child at all;
(e) the version is the head, or the one write pending.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from services.audit.ledger.domain.calls import Call, NothingThere, Refused, about
from services.audit.ledger.domain.entry import ENTERED, OWN_INVOLVEMENT, OWN_STARTED, RELEASED, Entry, Section
from services.audit.ledger.domain.gap import Gaps
from services.audit.ledger.domain.handle import Handle, HandleKind
from services.audit.ledger.domain.key_row import KeyRow, State, Statement
from services.audit.ledger.domain.own_involvements import Own
from services.audit.ledger.domain.registers import Registers, parties_of
from services.audit.ledger.domain.work import Batch
from services.audit.ledger.errors import MediationNeeded, TokenSpent
from services.audit.ledger.limits import Limits
from services.runtime import tokens
from services.runtime.access import AccessTable, Assurance, Exposure, permissions_of
from services.runtime.errors import (
    BeingChanged,
    CeilingReached,
    NotAuthenticated,
    NotFound,
    NotPermitted,
    StandingChanged,
)

MOST_SHOWN = 20
MOST_KEYS = 64
"""In the answer to one look."""
_CLOCK_SLACK = timedelta(seconds=2)
OWN_AREA_ROLES = frozenset({"ROLE_DATA_MANAGER", "ROLE_SHIELD_OFFICER"})
MEDIATOR = "ROLE_MEDIATOR"
MEDIATED = frozenset({"record.search", "record.open", "home.open"})
"""What a mediator does for somebody else."""
MEDIATED_FOR = timedelta(minutes=15, seconds=5)
"""How long a session looks for one colleague at most: a quarter of an hour, by a clock that may be a little before."""
_PROVES = {
    Assurance.TWO_FACTOR: (tokens.TWO_FACTOR, tokens.KEY_ON_ACT),
    Assurance.KEY_ON_ACT: (tokens.KEY_ON_ACT,),
}
WHOLE_NAME, NOTHING_ELSE = 1, 2
"""A candidate's claims: agrees with the whole current name; nothing else was given."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One child that a search may have meant, as the directory says."""

    position: int
    number: int
    tier: int
    """1 is the narrowest."""
    claims: int

    @property
    def is_by_whole_name(self) -> bool:
        """Whether a limited record may be found so."""
        return self.claims & (WHOLE_NAME | NOTHING_ELSE) == WHOLE_NAME | NOTHING_ELSE


@dataclass(frozen=True, slots=True)
class Shown:
    """What a search shows."""

    candidates: tuple[Candidate, ...]
    matched: tuple[Candidate, ...]
    """What the entry is about: those shown or, when they are too many, those that would have been."""
    add_details: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a look asks for."""

    handle: Handle | None = None
    """None: by number, or the handle was not one of ours."""
    number: int = 0
    """By number: 0 where none agreed."""
    has_whole_name: bool = False
    section: Section


@dataclass(frozen=True, slots=True)
class Version:
    """One version of one source's statements in one section: what a key opens."""

    section: Section
    source: bytes
    number: int


@dataclass(frozen=True, slots=True)
class Release:
    """What a look is given."""

    row: KeyRow
    rule: str
    sections: tuple[Section, ...]
    versions: tuple[Version, ...]
    by_whole_name: bool


@dataclass(frozen=True, kw_only=True)
class ReleaseRule:
    """The rule, with the contracts' table and the file of ceilings that it goes by."""

    table: AccessTable
    limits: Limits
    environment: str

    def admit(
        self, call: Call, batch: Batch, *, effect: str = "", section: Section | None = None, act_id: bytes = b""
    ) -> None:
        """Raise Refused unless steps (a) and (b) let this call happen at all."""
        self._may_cause(call, effect, section)
        if not call.is_resumed:
            self._is_fresh(call, batch, act_id)
            self._stands(call, batch.registers)
        self._mediates(call, batch)

    def release(self, call: Call, batch: Batch, look: Look) -> Release:
        """Return what a look is given; raises Refused, or NothingThere for whatever the caller must not learn of."""
        row, by_whole_name = self._found(call, batch, look)
        with about(row):
            self.admit(call, batch, section=look.section)
            is_own = row is not None and call.token.sub in row.own
            if not is_own:
                is_home = look.section is Section.HOME
                self.check_ceilings(call, batch, opened=int(not is_home), homes=int(is_home))
            if row is None:
                raise NothingThere("NOT_FOUND", NotFound())
            sections = self._open_sections(call, row, look.section)
        versions = tuple(islice(_standing_versions(row, sections, batch.registers.gaps), MOST_KEYS))
        return Release(row, OWN_INVOLVEMENT if is_own else RELEASED, sections, versions, by_whole_name)

    def show(self, call: Call, batch: Batch, candidates: Sequence[Candidate], *, too_little: bool) -> Shown:
        """Return which candidates a search shows; raises Refused."""
        self.admit(call, batch)
        self.check_ceilings(call, batch, searches=1)
        # Whoever reached a ceiling of looks stops searching too.
        self.check_ceilings(call, batch, kinds=("person",), opened=1, rows=1, homes=1)
        # (d) What is hidden goes first, before anything is matched against anything else, counted, ranked or cut.
        limited = batch.registers.limited
        left = [one for one in candidates if one.number not in limited or one.is_by_whole_name]
        narrowest = min((one.tier for one in left), default=0)
        matched = tuple(one for one in left if one.tier == narrowest)
        most = self.children_disclosed(call)
        shown = () if too_little or len(matched) > most else matched
        # (c) Rows count as they are shown; what is hidden is not among them, so the refusal says nothing about it.
        self.check_ceilings(call, batch, rows=len(shown))
        return Shown(shown, () if too_little else matched, not too_little and len(matched) > most)

    def own_involvements(self, call: Call, batch: Batch) -> list[Own]:
        """Return the caller's own current involvements, confirmed longest ago first; raises Refused."""
        self.admit(call, batch)
        # (c) Own involvements count against no ceiling: they did when they started.
        # (d) What is limited goes first, before anything is counted or cut: as if there were no such child.
        tag = batch.keyring.own_tag(call.token.sub or "")
        return batch.registers.own.of(tag, without=batch.registers.limited)

    def named_child(self, call: Call, batch: Batch, handle: Handle | None) -> KeyRow:
        """Return the child that an act's handle names; raises NothingThere."""
        row, _ = self._found(call, batch, Look(handle=handle, section=Section.IDENTITY))
        if row is None:
            raise NothingThere("NOT_FOUND", NotFound())
        return row

    def child_to_close(self, call: Call, batch: Batch, handle: Handle | None, number: int) -> KeyRow:
        """Return the child to close, by any handle of the session: closing only takes away. Raises NothingThere."""
        named = number if handle is None else handle.named if self._is_good(call, batch, handle) else 0
        row = batch.children.get(named)
        if row is None or row.state is State.VOID:
            raise NothingThere("NOT_FOUND", NotFound())
        return row

    def check_source(self, call: Call, source: bytes) -> None:
        """(d) Raise Refused unless what is written is said by the caller's own organisation."""
        if source != UUID(call.token.org).bytes:
            raise Refused("STATEMENT_NOT_OWN", NotPermitted())

    def start_own(self, call: Call, batch: Batch, row: KeyRow) -> str:
        """(c) Return the rule by which a child becomes the person's own; raises Refused.

        From then on neither record nor home counts: so both count now, or starting would be a way round the ceilings.
        """
        if call.token.sub in row.own:
            return ENTERED
        self.check_ceilings(call, batch, opened=1, homes=1)
        return OWN_STARTED

    def pending_version(self, batch: Batch, row: KeyRow, section: Section, source: bytes, act_id: bytes) -> Statement:
        """Return the statement with a pending version for an act; raises Refused while another act writes it."""
        # (e) One write at a time: a version is head or pending, never a third.
        found = row.statement(section, source) or Statement(section, source, 0, 0)
        if found.pending_act and found.pending_act != act_id:
            raise Refused("BEING_CHANGED", BeingChanged())
        # Versions that were given out in entries that are lost are not given out again.
        return Statement(section, source, found.head, batch.registers.gaps.next_version(found.last), act_id)

    def check_ceilings(self, call: Call, batch: Batch, *, kinds: Iterable[str] = (), **amounts: int) -> None:
        """(c) Raise Refused if any party would pass a ceiling of today, in London, by these amounts.

        What a mediator has counts for the mediator alone, but nobody at a ceiling goes on through a mediator.
        """
        token = call.token
        looked_for = (("person", token.ben),) if token.ben else ()
        for kind, party in (*parties_of(token.sub, token.org, token.sys, self.environment), *looked_for):
            if kinds and kind not in kinds:
                continue
            usage = batch.registers.usage(kind, party, batch.at)
            for counted, amount in amounts.items():
                ceiling = self.limits.ceilings.get((kind, counted))
                if not amount or ceiling is None:
                    continue
                if getattr(usage, counted) + batch.registers.charged(ceiling, batch.at) + amount > ceiling:
                    raise Refused(f"CEILING_{kind}_{counted}".upper(), CeilingReached())

    def may_read(self, call: Call, batch: Batch, subject: str, handle: Handle | None) -> None:
        """Raise Refused unless the caller may read about a "child", the "own" entries or the "organisation"'s."""
        self.admit(call, batch)
        wanted = {"child": "audit.who_looked", "own": "audit.own_looks", "organisation": "audit.read"}[subject]
        said = self.table.get(call.token.mth)
        if said is None or said.permission != wanted:
            raise Refused("SUBJECT_NOT_ALLOWED", NotPermitted())
        if subject == "child" and (handle is None or not self._is_good(call, batch, handle)):
            raise NothingThere("NOT_FOUND", NotFound())

    def is_readable(self, call: Call, subject: str, entry: Entry) -> bool:
        """Return whether the caller may read one entry about what `may_read` allowed."""
        if subject == "own":
            # What a mediator did for somebody is that colleague's to read too.
            return call.token.sub in (entry.draft.person, entry.draft.beneficiary)
        if subject == "child" and self.reads_everything(call):
            return True
        return entry.draft.organisation == call.token.org

    def reads_everything(self, call: Call) -> bool:
        """Return whether the caller may read every organisation's entries about a child."""
        return call.token.rol == "ROLE_CENTRAL_AUDITOR"

    def children_disclosed(self, call: Call) -> int:
        """Return how many children the token's method may disclose."""
        said = self.table.get(call.token.mth)
        return min(MOST_SHOWN, said.children_disclosed) if said else 0

    def search_index(self, call: Call, batch: Batch, handle: Handle | None) -> int | None:
        """Return the index of the search that a handle names, if it is of this session and at most ten minutes old."""
        if handle is None or handle.kind is not HandleKind.SEARCH or handle.session_tag != call.token.sid:
            return None
        return handle.named if _age_seconds(handle, batch.now) <= self.limits.search_handle_seconds else None

    # --- (a) ---

    def _may_cause(self, call: Call, effect: str, section: Section | None) -> None:
        """(a) The contracts say that the token's method may cause this, and that its role may call that method."""
        token = call.token
        said = self.table.get(token.mth)
        if said is None or said.exposure is not Exposure.EDGE or call.method not in said.causes:
            raise Refused("NOT_CAUSED", NotPermitted())
        if not said.process == token.aud == call.peer:
            raise Refused("NOT_CAUSED", NotPermitted())
        if effect and effect not in said.effects:
            raise Refused("EFFECT_NOT_ALLOWED", NotPermitted())
        if section is not None and (f"SECTION_{section.name}" not in said.sections or said.children_disclosed < 1):
            raise Refused("SECTION_NOT_ALLOWED", NotPermitted())
        if said.assurance is Assurance.SYSTEM:
            if token.acr != tokens.SYSTEM or not token.sys or token.sub:
                raise Refused("NOT_A_SYSTEM", NotPermitted())
            return
        if token.acr not in _PROVES.get(said.assurance, ()):
            raise Refused("ASSURANCE_TOO_LOW", NotPermitted())
        if not token.sub or said.permission not in permissions_of(token.rol or ""):
            raise Refused("ROLE_LACKS_PERMISSION", NotPermitted())

    def _is_fresh(self, call: Call, batch: Batch, act_id: bytes) -> None:
        """(a) The token is in time and unspent (an act may come again, as the same act), and its session lives."""
        token = call.token
        if token.exp <= batch.now.timestamp():
            raise Refused("TOKEN_EXPIRED", NotAuthenticated())
        spent_by = batch.registers.spent_by(token.jti)
        if spent_by is not None and not (act_id and spent_by == act_id):
            raise Refused("TOKEN_SPENT", TokenSpent())
        if token.sub is None:
            return
        session = batch.registers.sessions.get(token.sid or "")
        if session is None or (session.person, session.organisation) != (token.sub, token.org):
            raise Refused("SESSION_NOT_LIVE", NotAuthenticated())
        age = batch.now - session.started_at
        # One that began later than now: a clock went back, and nobody's session grows longer by that.
        if not -_CLOCK_SLACK <= age < timedelta(seconds=self.limits.session_seconds):
            raise Refused("SESSION_NOT_LIVE", NotAuthenticated())

    def _mediates(self, call: Call, batch: Batch) -> None:
        """(a) A mediator looks for the colleague whom this session's newest entry of that kind names, for minutes."""
        token = call.token
        said = self.table.get(token.mth)
        if token.rol != MEDIATOR or said is None or said.permission not in MEDIATED:
            if token.ben:
                raise Refused("BENEFICIARY_NOT_ALLOWED", NotPermitted())
            return
        session = batch.registers.sessions.get(token.sid or "")
        found = session.mediation if session else None
        # One that would begin later than now: a clock went back, and nobody looks for anybody longer by that.
        is_in_time = found is not None and found.until - MEDIATED_FOR <= batch.now < found.until
        if found is None or not is_in_time or not token.ben or token.ben != found.beneficiary:
            raise Refused("MEDIATION_NEEDED", MediationNeeded())
        # (b) The colleague's standings are as good as the caller's own.
        named = {(one.kind, one.party) for one in token.std}
        if not named.issuperset((("person", found.beneficiary), ("organisation", found.organisation))):
            raise Refused("STANDING_CHANGED", StandingChanged())

    # --- (b) ---

    def _stands(self, call: Call, registers: Registers) -> None:
        """(b) Person, organisation, system if any, and service are all named, and every digest is the newest."""
        token = call.token
        named = {(one.kind, one.party) for one in token.std}
        if not named.issuperset(parties_of(token.sub, token.org, token.sys, self.environment)):
            raise Refused("STANDING_CHANGED", StandingChanged())
        if any(registers.standings.get((one.kind, one.party)) != bytes.fromhex(one.digest) for one in token.std):
            raise Refused("STANDING_CHANGED", StandingChanged())

    # --- (d) ---

    def _found(self, call: Call, batch: Batch, look: Look) -> tuple[KeyRow | None, bool]:
        """(d) Return the child that a look names, if this caller may find it, and whether it was by its whole name."""
        if look.handle is not None:
            number = look.handle.named if self._is_good(call, batch, look.handle) else 0
            by_whole_name = look.handle.by_whole_name
        else:
            # A number is something else that was given: a limited record is named by it only to give a handle, no key.
            number = look.number
            by_whole_name = look.has_whole_name and look.section is Section.IDENTITY
        row = batch.children.get(number)
        if row is None or row.state is State.VOID:
            return None, by_whole_name
        is_hidden = row.is_limited and not by_whole_name
        return (None if is_hidden else row), by_whole_name

    def _is_good(self, call: Call, batch: Batch, handle: Handle) -> bool:
        """(d) A handle names a child for the session it was made for, for a quarter of an hour."""
        at = datetime.fromtimestamp(call.token.iat, tz=batch.now.tzinfo) if call.is_resumed else batch.now
        is_ours = handle.kind is HandleKind.CHILD and handle.session_tag == call.token.sid
        return is_ours and _age_seconds(handle, at) <= self.limits.child_handle_seconds

    def _open_sections(self, call: Call, row: KeyRow, section: Section) -> tuple[Section, ...]:
        """(d) Return the sections whose keys the record's state lets this method have."""
        if section is Section.IDENTITY:
            return ()
        if row.is_limited:
            return (Section.IDENTITY,) if section is Section.SERVICES else ()
        if call.token.rol in OWN_AREA_ROLES and row.authority != call.token.aut:
            raise Refused("OUT_OF_AREA", NotPermitted())
        return (Section.IDENTITY, Section.SERVICES) if section is Section.SERVICES else (section,)


def _standing_versions(row: KeyRow, sections: Sequence[Section], gaps: Gaps) -> Iterable[Version]:
    """(e) Yield what may be opened: each source's head and, while a write is pending, that version; none older."""
    # Last, so that they are what is left out where it is too much.
    yield from _heads_and_pending(row, sections)
    for one in row.statements:
        if one.section in sections:
            yield from (Version(one.section, one.source, number) for number in gaps.tried(one))


def _heads_and_pending(row: KeyRow, sections: Sequence[Section]) -> Iterable[Version]:
    for one in row.statements:
        if one.section in sections:
            if one.head or one.pending_act:
                # Version 0 beside a pending one: whoever opens neither knows that nothing need be there yet.
                yield Version(one.section, one.source, one.head)
            if one.pending_act:
                yield Version(one.section, one.source, one.last)


def _age_seconds(handle: Handle, now: datetime) -> float:
    """Return how old a handle is; infinite for one minted later than now (a clock went back: nothing is believed)."""
    age = now.timestamp() - handle.minted_at_ms / 1000
    return age if age >= -_CLOCK_SLACK.total_seconds() else float("inf")
