"""A ledger in memory, and a small world round any ledger: people who are signed in, and calls under their tokens."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from services.audit.ledger import limits as limit_files
from services.audit.ledger.domain.calls import Call
from services.audit.ledger.domain.entry import Section
from services.audit.ledger.domain.keyring import KeyMaterial
from services.audit.ledger.domain.own_involvements import involvement_of
from services.audit.ledger.effects import ActEffect, Asked, Entered
from services.audit.ledger.effects.close_child import CloseChild
from services.audit.ledger.effects.create_child import CreateChild
from services.audit.ledger.effects.mediate import Mediate
from services.audit.ledger.effects.write_statements import WriteStatements
from services.audit.ledger.group_commit import GroupCommit
from services.audit.ledger.limits import Limits
from services.audit.ledger.ports import (
    KeyWrapping,
    Log,
    NotLeading,
    Position,
    Store,
    StoredEntry,
    StoreUnavailable,
    Writing,
)
from services.audit.ledger.release_rule import NOTHING_ELSE, WHOLE_NAME, Candidate, ReleaseRule
from services.audit.ledger.storage.key_wrapping import FileKeyWrapping
from services.audit.ledger.use_cases.count_own_involvements import CountOwnInvolvements, OwnCounted
from services.audit.ledger.use_cases.enter import Enter
from services.audit.ledger.use_cases.enter_founding import EnterFounding, FirstParty
from services.audit.ledger.use_cases.enter_intake import AskedIntake, EnterIntake, Intake, NewChild
from services.audit.ledger.use_cases.enter_look import AskedLook, EnterLook, Looked
from services.audit.ledger.use_cases.enter_own_children import EnterOwnChildren, OwnChildren
from services.audit.ledger.use_cases.enter_search import AskedSearch, EnterSearch, Searched
from services.audit.ledger.use_cases.enter_session import EnterSession, SignIn
from services.audit.ledger.use_cases.settle import Settle, Settled
from services.runtime.access import whole_table
from services.runtime.tokens import Act, Standing
from tests.support.acts import SetClock, a_suppliers_act, an_act

ENVIRONMENT = "synthetic"
LIMITS = Path(__file__).resolve().parents[2] / "deploy" / "config" / "limits.toml"
LEDGER = "/contactpoint.audit.ledger.v1.LedgerService/"
DIRECTORY = "/contactpoint.directory.v1.DirectoryService/"
SOURCE = uuid.UUID(int=1).bytes
"""The first organisation: a writer's own statements are those of the own organisation."""
AREA = "E08000001"
BOTH = WHOLE_NAME | NOTHING_ELSE


@dataclass
class Kept:
    """What a database would hold; it outlives its stores, as a database outlives processes."""

    keys: KeyMaterial | None = None
    epoch: int = 0
    leader: object = None
    sealed: bytes = b""
    checkpoint: str = ""
    rows: list[StoredEntry] = field(default_factory=list)
    tags: dict[bytes, int] = field(default_factory=dict)
    spent: set[str] = field(default_factory=set)
    children: dict[bytes, bytes] = field(default_factory=dict)
    acts: dict[bytes, tuple[bool, bytes]] = field(default_factory=dict)
    standings: dict[bytes, bytes] = field(default_factory=dict)
    states: list[tuple[int, bytes]] = field(default_factory=list)
    tiles: list[tuple[int, bytes]] = field(default_factory=list)


class MemoryStore:
    """The leader's database, in memory; `fails` is what happens to the next commits."""

    def __init__(self, kept: Kept) -> None:
        self.kept = kept
        self.fails: list[str] = []
        """"before" (nothing is written) or "after" (all is written, and nobody is told)."""
        self.answers = threading.Event()
        """Cleared: the network swallows what is asked, until somebody cuts the connection."""
        self.answers.set()
        self._epoch = -1

    def lead(self) -> None:
        if self.kept.leader not in (None, self):
            raise NotLeading
        self.kept.leader = self
        self.kept.epoch += 1
        self._epoch = self.kept.epoch

    def renew(self) -> None:
        if not self.answers.is_set():
            self.answers.wait(10.0)
            raise StoreUnavailable
        if self.kept.epoch != self._epoch:
            raise NotLeading

    def give_back(self) -> None:
        self.step_down()

    def step_down(self) -> None:
        if self.kept.leader is self:
            self.kept.leader = None

    def abandon(self) -> None:
        self.answers.set()

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        yield

    def key_material(self, wrapping: KeyWrapping, now: datetime) -> KeyMaterial | None:
        if self.kept.keys is None and self.kept.leader is not self:
            return None
        if self.kept.keys is None:
            key = hashlib.sha256(b"key").digest()
            checkpoint_key = Ed25519PrivateKey.generate().private_bytes_raw()
            self.kept.keys = KeyMaterial(
                month=now.year * 100 + now.month,
                month_key=wrapping.unwrap(wrapping.wrap(key, "month"), "month"),
                act_key=key,
                index_key=key,
                checkpoint_key=checkpoint_key,
            )
        return self.kept.keys

    def position(self) -> Position:
        return Position(epoch=self.kept.epoch, sealed=self.kept.sealed, checkpoint=self.kept.checkpoint)

    def entries(self, month: int, start: int = 0) -> Iterator[StoredEntry]:
        yield from self.kept.rows[start:]

    def size(self) -> int:
        return len(self.kept.rows)

    def tiles(self) -> Sequence[bytes]:
        return [root for _, root in self.kept.tiles]

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        return [row.leaf for row in self.kept.rows[start:end]]

    def standings(self) -> Iterable[tuple[bytes, bytes]]:
        return self.kept.standings.items()

    def states(self, start: int = 0) -> Iterable[tuple[int, bytes]]:
        return self.kept.states[start:]

    def pending_acts(self) -> Iterable[tuple[bytes, bytes]]:
        return [(name, sealed) for name, (is_pending, sealed) in self.kept.acts.items() if is_pending]

    @contextmanager
    def batch(self) -> Iterator[MemoryBatch]:
        if self.kept.epoch != self._epoch:
            raise NotLeading
        batch = MemoryBatch(self.kept)
        yield batch
        failure = self.fails.pop(0) if self.fails and batch.writings else ""
        for writing in batch.writings if failure != "before" else ():
            batch.commit(writing)
        if failure:
            raise StoreUnavailable


class MemoryBatch:
    """One transaction."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self.writings: list[Writing] = []

    def acts(self, act_ids: Iterable[bytes]) -> Mapping[bytes, bytes]:
        return {name: self._kept.acts[name][1] for name in act_ids if name in self._kept.acts}

    def children(self, tags: Iterable[bytes]) -> Mapping[bytes, bytes]:
        return {tag: self._kept.children[tag] for tag in tags if tag in self._kept.children}

    def write(self, writing: Writing, *, month: int) -> None:
        self.writings.append(writing)

    def commit(self, writing: Writing) -> None:
        kept = self._kept
        if not kept.spent.isdisjoint(writing.spent):
            raise StoreUnavailable
        assert [row.index for row in writing.entries] == list(
            range(len(kept.rows), len(kept.rows) + len(writing.entries))
        )
        kept.rows += writing.entries
        kept.tags.update(writing.tags)
        kept.spent.update(writing.spent)
        kept.children.update(writing.children)
        kept.acts.update((name, (act.is_pending, act.sealed)) for name, act in writing.acts.items())
        kept.standings.update(writing.standings)
        kept.states += writing.states
        kept.tiles += writing.tiles
        kept.sealed, kept.checkpoint = writing.position, writing.checkpoint


class MemoryLog:
    """The log, as its readers see it."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def find(self, tags: Sequence[bytes]) -> Sequence[StoredEntry]:
        return [
            self._kept.rows[index] for index in sorted(self._kept.tags[tag] for tag in tags if tag in self._kept.tags)
        ]

    def leaves(self, start: int, end: int) -> Sequence[bytes]:
        return [row.leaf for row in self._kept.rows[start:end]]

    def entries(self, start: int, end: int) -> Sequence[StoredEntry]:
        return self._kept.rows[start:end]

    def entries_at(self, indexes: Sequence[int]) -> Sequence[StoredEntry]:
        return [self._kept.rows[index] for index in sorted(indexes) if index < len(self._kept.rows)]


@dataclass(frozen=True)
class Person:
    """Somebody who is signed in."""

    person: str
    organisation: str
    session: str
    role: str = "ROLE_PRACTITIONER"
    area: str = AREA


class Ledger:
    """A running writer with the use cases on it, and the people round it."""

    def __init__(
        self,
        store: Store,
        log: Log,
        *,
        clock: SetClock | None = None,
        limits: Limits | None = None,
        root: bytes = b"r" * 32,
    ) -> None:
        self.clock = clock or SetClock()
        self.limits = limits or limit_files.read(LIMITS)
        self.store, self.log = store, log
        self.rule = ReleaseRule(table=whole_table(), limits=self.limits, environment=ENVIRONMENT)
        self.writer = GroupCommit(
            store=store,
            wrapping=FileKeyWrapping(root, environment=ENVIRONMENT),
            clock=self.clock,
            environment=ENVIRONMENT,
            limits_digest=self.limits.digest,
            session_seconds=self.limits.session_seconds,
        )
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self.writer.run, args=(self._stopping,), daemon=True)
        self.standings: dict[tuple[str, str], bytes] = {}

    def start(self) -> Ledger:
        """Return this ledger once it leads."""
        self._thread.start()
        assert self.leads_within(10.0)
        return self

    def leads_within(self, seconds: float) -> bool:
        """Say whether it leads within so long."""
        pause = threading.Event()
        for _ in range(int(seconds / 0.01)):
            if self.writer.is_leading:
                return True
            pause.wait(0.01)
        return False

    def stop(self) -> None:
        """Stop, and step down."""
        self._stopping.set()
        self._thread.join(10.0)

    # --- people ---

    def found(self) -> None:
        """Enter a service, an organisation and a person."""
        parties = (
            ("service", ENVIRONMENT),
            ("organisation", str(uuid.UUID(int=1))),
            ("person", str(uuid.UUID(int=2))),
        )
        EnterFounding(writer=self.writer)(
            tuple(FirstParty(kind, party, self.digest(kind, party)) for kind, party in parties)
        )

    def digest(self, kind: str, party: str, *, revision: int = 1) -> bytes:
        """Return a standing's digest, and remember it as the newest."""
        self.standings[(kind, party)] = hashlib.sha256(f"{kind} {party} {revision}".encode()).digest()
        return self.standings[(kind, party)]

    def founder(self) -> Person:
        """Return the first administrator, signed in."""
        return self.sign_in(str(uuid.UUID(int=2)), str(uuid.UUID(int=1)), role="ROLE_NATIONAL_ADMINISTRATOR")

    def sign_in(self, person: str, organisation: str, *, role: str = "ROLE_PRACTITIONER", area: str = AREA) -> Person:
        """Return somebody signed in now."""
        session = str(uuid.uuid4())
        EnterSession(writer=self.writer, limits=self.limits)(
            SignIn(
                session_tag=session,
                person=person,
                organisation=organisation,
                amr=("pwd", "otp"),
                channel="c" * 64,
                person_digest=self.standings[("person", person)],
                organisation_digest=self.standings[("organisation", organisation)],
            )
        )
        return Person(person, organisation, session, role, area)

    def add(self, kind: str, party: str) -> None:
        """Enter a new party, by the first administrator."""
        from services.audit.ledger.effects.change_standing import ChangeStanding

        change = ChangeStanding(
            party_kind=kind,
            party_id=party,
            previous_digest=b"",
            digest=self.digest(kind, party),
            change="ADDED",
            ends_sessions=False,
        )
        self.enter(self.founder(), change, method="identity:AdministrationService/AddPerson")

    def somebody(self, role: str = "ROLE_PRACTITIONER", *, organisation: str = "", area: str = AREA) -> Person:
        """Return somebody new, of the first organisation unless another is named, signed in."""
        person = str(uuid.uuid4())
        self.add("person", person)
        return self.sign_in(person, organisation or str(uuid.UUID(int=1)), role=role, area=area)

    def token(self, who: Person, method: str, **changed: Any) -> Act:
        """Return a token of somebody's, fresh and true unless something is changed."""
        process, _, name = method.partition(":")
        parties = (("person", who.person), ("organisation", who.organisation), ("service", ENVIRONMENT))
        return an_act(
            uuid.uuid4().bytes,
            now=self.clock.now().timestamp(),
            **{
                "aud": process,
                "mth": f"/contactpoint.{process}.v1.{name}",
                "org": who.organisation,
                "sub": who.person,
                "sid": who.session,
                "rol": who.role,
                "aut": who.area,
                "std": tuple(Standing(*party, self.standings[party].hex()) for party in parties),
                **changed,
            },
        )

    def call(self, who: Person, method: str, caused: str, **changed: Any) -> Call:
        """Return a call to the ledger under somebody's token."""
        token = self.token(who, method, **changed)
        return Call(token=token, peer=token.aud, method=LEDGER + caused)

    # --- what people do ---

    def search(
        self, who: Person, candidates: Sequence[Candidate] = (), *, call: Call | None = None, **said: Any
    ) -> Searched:
        """Search."""
        asked = AskedSearch(
            **{
                "candidates": tuple(candidates),
                "criteria_digest": b"c" * 32,
                "name_and_date_only": True,
                "too_little": False,
                **said,
            }
        )
        call = call or self.call(who, "directory:DirectoryService/SearchChildren", "EnterSearch")
        return EnterSearch(writer=self.writer, rule=self.rule)(call, asked)

    def look(
        self,
        who: Person,
        handle: bytes | None = None,
        *,
        method: str = "OpenRecord",
        section: Section = Section.SERVICES,
        number: int = 0,
        has_whole_name: bool = False,
        call: Call | None = None,
    ) -> Looked:
        """Look at a child."""
        asked = AskedLook(
            handle=handle,
            number=number,
            has_whole_name=has_whole_name,
            section=section,
            reason_code="SAFEGUARDING_CONCERN",
            reason_text="",
        )
        call = call or self.call(who, f"directory:DirectoryService/{method}", "EnterLook")
        return EnterLook(writer=self.writer, rule=self.rule)(call, asked)

    def enter(
        self, who: Person, effect: ActEffect, *, method: str, key: str = "", call: Call | None = None, **changed: Any
    ) -> Entered:
        """Enter an act."""
        asked = Asked(idempotency_key=key or str(uuid.uuid4()), reason_code="", reason_text="", effect=effect)
        call = call or self.call(who, method, "Enter", **changed)
        return Enter(writer=self.writer, rule=self.rule)(call, asked)

    def create(
        self,
        who: Person,
        *,
        candidates: Sequence[Candidate] = (),
        settle: bool = True,
        sections: tuple[Section, ...] = (Section.IDENTITY, Section.SERVICES, Section.HOME),
    ) -> Entered:
        """Search, find nothing better, and create a child."""
        searched = self.search(who, candidates)
        effect = CreateChild(
            search_handle=searched.search_handle,
            criteria_digest=b"c" * 32,
            candidates=tuple(candidates),
            source=SOURCE,
            sections=sections,
            authority=AREA,
        )
        entered = self.enter(who, effect, method="directory:DirectoryService/CreateChild")
        if settle:
            self.settle(entered.act_id)
        return entered

    def write(
        self, who: Person, handle: bytes, *, own: int = 0, section: Section = Section.SERVICES, **said: Any
    ) -> Entered:
        """Replace the statements of a source."""
        effect = WriteStatements(
            handle=handle,
            section=section,
            source=said.pop("source", SOURCE),
            own=own,
            involvement=said.pop("involvement", b""),
            confirms=said.pop("confirms", False),
        )
        return self.enter(who, effect, method="directory:DirectoryService/StartInvolvement", **said)

    def start_own(self, who: Person, number: int) -> bytes:
        """Start an involvement of one's own, to its end, and return its id."""
        handle = self.look(who, number=number).handle
        entered = self.write(who, handle, own=1)
        self.settle(entered.act_id)
        return involvement_of(entered.act_id)

    def change_own(self, who: Person, number: int, involvement: bytes, *, ends: bool, is_done: bool = True) -> None:
        """Confirm or end an involvement, to the act's end."""
        handle = self.look(who, number=number).handle
        entered = self.write(who, handle, own=2 if ends else 0, involvement=involvement, confirms=not ends)
        self.settle(entered.act_id, is_done=is_done)

    def list_own(
        self, who: Person, page_token: bytes = b"", *, due_before: datetime | None = None, call: Call | None = None
    ) -> OwnChildren:
        """List one's own children."""
        call = call or self.call(who, "directory:DirectoryService/ListOwnChildren", "EnterOwnChildren")
        listing = EnterOwnChildren(writer=self.writer, rule=self.rule)
        return listing(call, due_before or self.clock.now(), page_token)

    def count_own(self, who: Person, *, due_before: datetime | None = None, call: Call | None = None) -> OwnCounted:
        """Count one's own involvements."""
        call = call or self.call(who, "directory:DirectoryService/CountOwnChildren", "CountOwnInvolvements")
        return CountOwnInvolvements(writer=self.writer, rule=self.rule)(call, due_before or self.clock.now())

    def mediate(self, who: Person, colleague: Person | None, *, seconds: float = 900, **changed: Any) -> Entered:
        """Have a mediator's session look for a colleague, or for nobody."""
        said = {
            "beneficiary": colleague.person if colleague else "",
            "organisation": colleague.organisation if colleague else "",
            "beneficiary_digest": self.standings[("person", colleague.person)] if colleague else b"",
            "organisation_digest": self.standings[("organisation", colleague.organisation)] if colleague else b"",
            "until": self.clock.now() + timedelta(seconds=seconds),
            **changed,
        }
        name = "BeginMediation" if colleague else "EndMediation"
        return self.enter(who, Mediate(**said), method=f"identity:SessionService/{name}")

    def looking_for(self, who: Person, colleague: Person, method: str, caused: str, **changed: Any) -> Call:
        """Return a mediator's call for a colleague."""
        parties = dict.fromkeys(
            (
                ("person", who.person),
                ("organisation", who.organisation),
                ("service", ENVIRONMENT),
                ("person", colleague.person),
                ("organisation", colleague.organisation),
            )
        )
        std = tuple(Standing(*party, self.standings[party].hex()) for party in parties)
        return self.call(
            who, f"directory:DirectoryService/{method}", caused, **{"ben": colleague.person, "std": std, **changed}
        )

    def close(self, who: Person, handle: bytes | None = None, number: int = 0, *, is_interim: bool = True) -> Entered:
        """Close a record."""
        name = "ImposeInterimShield" if is_interim else "ApproveShield"
        effect = CloseChild(handle=handle, number=number, is_interim=is_interim)
        return self.enter(who, effect, method=f"shielding:ShieldingService/{name}")

    def settle(self, act_id: bytes, *, is_done: bool = True) -> Settled:
        """Settle an act."""
        return Settle(writer=self.writer)(act_id, is_done=is_done)

    def supply(self, children: int, *, system: str, key: str = "", source: bytes = SOURCE, **changed: Any) -> Intake:
        """Take in a batch of a system of the first organisation."""
        organisation = str(uuid.UUID(int=1))
        parties = (("organisation", organisation), ("system", system), ("service", ENVIRONMENT))
        token = a_suppliers_act(
            uuid.uuid4().bytes,
            now=self.clock.now().timestamp(),
            **{
                "mth": "/contactpoint.directory.v1.SupplyService/SupplyRows",
                "org": organisation,
                "sys": system,
                "std": tuple(Standing(*party, self.standings[party].hex()) for party in parties),
                **changed,
            },
        )
        sections = (Section.IDENTITY, Section.SERVICES, Section.HOME)
        asked = AskedIntake(
            idempotency_key=key or str(uuid.uuid4()), source=source, children=(NewChild(sections, AREA),) * children
        )
        call = Call(token=token, peer="directory", method=LEDGER + "EnterIntake")
        return EnterIntake(writer=self.writer, rule=self.rule)(call, asked)


def candidate(number: int, *, position: int = 0, tier: int = 1, claims: int = BOTH) -> Candidate:
    """Return one candidate of a search."""
    return Candidate(position, number, tier, claims)


def in_memory(kept: Kept | None = None, **said: Any) -> Ledger:
    """Return a ledger in memory that leads."""
    kept = kept or Kept()
    return Ledger(MemoryStore(kept), MemoryLog(kept), **said).start()


def with_ceilings(limits: Limits, **ceilings: int) -> Limits:
    """Return limits with some ceilings changed, such as person_opened=2."""
    changed = {tuple(name.split("_")): amount for name, amount in ceilings.items()}
    return replace(limits, ceilings={**limits.ceilings, **changed})  # type: ignore[dict-item]  # two parts each
