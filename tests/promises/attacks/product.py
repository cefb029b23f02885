"""The product in the attacker's hands: its own storage, index, acts, release rule and writer on the tapped PostgreSQL.

Only the wire between directory and ledger is left out: the directory's port is kept by the ledger's use cases directly.
"""

from __future__ import annotations

import dataclasses
import secrets
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deploy.local import databases
from deploy.local.population.child import Child
from deploy.local.population.generate import Population
from deploy.local.population.provider import Provider as Founded
from deploy.local.settlement import supplying
from services.audit.ledger import limits
from services.audit.ledger.domain.calls import Call
from services.audit.ledger.domain.entry import Section as LedgerSection
from services.audit.ledger.group_commit import GroupCommit
from services.audit.ledger.release_rule import Candidate as LedgerCandidate
from services.audit.ledger.release_rule import ReleaseRule
from services.audit.ledger.storage.key_wrapping import FileKeyWrapping
from services.audit.ledger.storage.store import PostgresStore
from services.audit.ledger.use_cases.enter_founding import EnterFounding, FirstParty
from services.audit.ledger.use_cases.enter_intake import AskedIntake, EnterIntake
from services.audit.ledger.use_cases.enter_intake import NewChild as LedgersNewChild
from services.audit.ledger.use_cases.enter_look import AskedLook, EnterLook
from services.audit.ledger.use_cases.enter_search import AskedSearch, EnterSearch
from services.audit.ledger.use_cases.enter_session import EnterSession, SignIn
from services.audit.ledger.use_cases.open_index_key import OpenIndexKey
from services.audit.ledger.use_cases.settle import Settle
from services.directory import translate
from services.directory.domain.claims import Handle
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.domain.providers import Contact, Provider, ProviderKind
from services.directory.domain.reasons import Reason, ReasonCode
from services.directory.domain.statements import Section
from services.directory.index import sealing
from services.directory.index.changes import Added
from services.directory.index.keys import IndexKey
from services.directory.ports import (
    ActState,
    EnteredIntake,
    EnteredSearch,
    Look,
    NewChild,
    ProviderList,
    Receipt,
    ShownCandidate,
    StatementKey,
)
from services.directory.storage.container import Containers
from services.directory.storage.index_log import IndexLog
from services.directory.storage.keys import record_tag
from services.directory.storage.records import SqlRecords
from services.directory.use_cases.conclude_act import ConcludeAct
from services.directory.use_cases.look_at_child import LookAtChild
from services.directory.use_cases.search_children import SearchChildren
from services.directory.use_cases.supply_rows import SupplyRows
from services.runtime import access, tokens
from services.runtime import deadline as deadlines
from services.runtime.caller import Caller
from services.runtime.clock import SystemClock
from services.runtime.database import engine_of
from services.runtime.peers import Peer
from services.runtime.tokens import Act, Standing
from tests.promises.attacks.tap import Tapped
from tests.support.acts import a_suppliers_act, an_act
from tests.support.living import LIMITS
from tests.support.postgres import migrated

DIRECTORY, LEDGER = "contactpoint_directory", "contactpoint_audit_ledger"
RECORDS, DELTAS, KEY_ROWS = f"{DIRECTORY}.record", f"{DIRECTORY}.index_delta", f"{LEDGER}.child_key"
_ENVIRONMENT = "synthetic"
_METHOD = "/contactpoint.directory.v1."
_LEDGER = "/contactpoint.audit.ledger.v1.LedgerService/"
_BATCH = 200
_SEARCHERS = 2
_PATIENCE = 60.0
_REASON = Reason(code=ReasonCode.SAFEGUARDING_CONCERN)


@dataclass(frozen=True)
class _Parties:
    organisation: str
    person: str
    system: str
    session: str
    standings: tuple[Standing, ...]

    def supplier(self) -> Act:
        return a_suppliers_act(
            mth=f"{_METHOD}SupplyService/SupplyRows",
            org=self.organisation,
            sys=self.system,
            std=tuple(one for one in self.standings if one.kind != "person"),
            acr=tokens.SYSTEM,
            cnf="c" * 64,
        )

    def practitioner(self, method: str) -> Act:
        return an_act(
            mth=f"{_METHOD}DirectoryService/{method}",
            org=self.organisation,
            sub=self.person,
            sid=self.session,
            std=tuple(one for one in self.standings if one.kind != "system"),
        )


class _Ledger:
    """The directory's port to the ledger, without the wire: each thread's next call is made under its own token."""

    def __init__(self, writer: GroupCommit, rule: ReleaseRule) -> None:
        self.acting = threading.local()
        self._search = EnterSearch(writer=writer, rule=rule)
        self._look = EnterLook(writer=writer, rule=rule)
        self._intake = EnterIntake(writer=writer, rule=rule)
        self._settle = Settle(writer=writer)

    def enter_search(
        self, candidates: bytes, *, criteria_digest: bytes, name_and_date_only: bool, too_little: bool
    ) -> EnteredSearch:
        slots = [candidates[at : at + 8] for at in range(0, len(candidates), 8)]
        asked = AskedSearch(
            candidates=tuple(
                LedgerCandidate(position, number, slot[5], slot[6])
                for position, slot in enumerate(slots)
                if (number := int.from_bytes(slot[:5]))
            ),
            criteria_digest=criteria_digest,
            name_and_date_only=name_and_date_only,
            too_little=too_little,
        )
        found = self._search(self._call("EnterSearch"), asked)
        return EnteredSearch(
            receipt=Receipt(found.receipt.index, found.receipt.leaf),
            shown=tuple(
                ShownCandidate(position=slot.position, handle=slot.handle, is_limited=slot.is_limited)
                for slot in found.slots
                if slot.position is not None
            ),
            search_handle=found.search_handle,
            add_details=found.add_details,
        )

    def enter_look(self, handle: bytes, reason: Reason, section: Section) -> Look:
        asked = AskedLook(
            handle=handle,
            number=0,
            has_whole_name=False,
            section=LedgerSection(section.value),
            reason_code=reason.code.value,
            reason_text=reason.text,
        )
        found = self._look(self._call("EnterLook"), asked)
        return Look(
            receipt=Receipt(found.receipt.index, found.receipt.leaf),
            is_found=bool(found.number),
            number=found.number,
            is_limited=found.is_limited,
            keys=_keys(found.keys),
            handle=found.handle,
        )

    def enter_intake(
        self, *, idempotency_key: str, source: UUID, children: Sequence[tuple[Sequence[Section], str]]
    ) -> EnteredIntake:
        asked = AskedIntake(
            idempotency_key=idempotency_key,
            source=source.bytes,
            children=tuple(
                LedgersNewChild(tuple(LedgerSection(section.value) for section in sections), authority)
                for sections, authority in children
            ),
        )
        found = self._intake(self._call("EnterIntake"), asked)
        return EnteredIntake(
            receipt=Receipt(found.receipt.index, found.receipt.leaf),
            act_id=found.act_id,
            state=ActState(found.state),
            children=tuple(NewChild(number=one.number, keys=_keys(one.keys)) for one in found.children),
        )

    def settle(self, act_id: bytes, *, is_done: bool) -> ActState:
        return ActState(self._settle(act_id, is_done=is_done).state)

    def unsettled_acts(self) -> Sequence[bytes]:
        return ()

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)

    def _call(self, method: str) -> Call:
        return Call(token=self.acting.token, peer="directory", method=_LEDGER + method)


def _keys(released: Sequence[Any]) -> tuple[StatementKey, ...]:
    return tuple(
        StatementKey(
            section=Section(one.version.section.value),
            source=UUID(bytes=one.version.source),
            version=one.version.number,
            key=one.key,
        )
        for one in released
    )


@dataclass(frozen=True)
class _Providers:
    list: ProviderList

    def current(self) -> ProviderList:
        return self.list

    def __getattr__(self, name: str) -> Any:
        raise NotImplementedError(name)


class Product:
    """Loads children and searches for them as the product does."""

    def __init__(self, writer: GroupCommit, rule: ReleaseRule, parties: _Parties, engine: Any) -> None:
        self._parties = parties
        self._ledger = _Ledger(writer, rule)
        self._half, self._tag_key = secrets.token_bytes(32), secrets.token_bytes(32)
        self._writer = writer
        self._key = IndexKey(OpenIndexKey(writer=writer)().key, environment=_ENVIRONMENT)
        self._index = IndexLog(engine, self._key)
        self._index.load()
        self._records = SqlRecords(
            engine=engine,
            containers=Containers(secrets.token_bytes(32)),
            tag_key=self._tag_key,
            half_key=self._half,
            index_log=self._index,
        )
        self._child_of: dict[int, Child] = {}
        ledger: Any = self._ledger
        self._looking = LookAtChild(ledger=ledger, records=self._records, children=self._index)
        self._searching = SearchChildren(index=self._index, ledger=ledger, criteria_key=secrets.token_bytes(32))

    def follow(self, stopping: threading.Event) -> None:
        """Keep up with the log of the index, as a directory does."""
        self._index.follow(stopping)

    def load(self, population: Population, children: Sequence[Child]) -> None:
        """Take children in, in batches, in their order."""
        providers = _founded(population.providers)
        ids = {one.key: str(_provider_id(one.key)) for one in population.providers}
        ledger: Any = self._ledger
        known: Any = _Providers(providers)
        remembering = _Remembering(self._records, self._child_of.__setitem__)
        supply = SupplyRows(
            ledger=ledger,
            records=remembering,
            providers=known,
            children=self._index,
            conclude=ConcludeAct(settlements=ledger),
            clock=SystemClock(),
            is_open=True,
        )
        for start in range(0, len(children), _BATCH):
            batch = children[start : start + _BATCH]
            remembering.batch = batch
            wire = [supplying._supplied(child, ids) for child in batch]
            rows = [translate.supplied_child(row, within="") for row in wire]
            with deadlines.within(_PATIENCE):
                supply(self._acting(self._parties.supplier()), idempotency_key=str(uuid.uuid4()), rows=rows)

    def search(self, children: Sequence[Child]) -> tuple[int, int]:
        """Search for each child by name and date, open it if it is shown; return how many were shown and opened."""
        self._index.catch_up()
        with ThreadPoolExecutor(_SEARCHERS) as searchers:
            opened = sum(searchers.map(self._search_and_open, children))
        return len(children), opened

    def record_of(self, tag: bytes) -> Child | None:
        """Return whose record has that name."""
        return self._by_record_tag.get(tag)

    def of_key_row(self, tag: bytes) -> Child | None:
        """Return whose key row has that name."""
        return self._by_key_tag.get(tag)

    def of_deltas(self, rows: Sequence[tuple[int, bytes]]) -> list[Child | None]:
        """Return whose each delta is; None for one that fills up."""
        changes, _ = sealing.opened_after(self._key, sealing.START, rows)
        return [self._child_of.get(one.entry.number) if isinstance(one, Added) else None for one in changes]

    def close_books(self) -> None:
        """Reckon which row is whose: what only the keys tell, and the attack is measured by."""
        keyring = self._writer.published().keyring
        self._by_record_tag = {record_tag(self._tag_key, number): child for number, child in self._child_of.items()}
        self._by_key_tag = {keyring.child_tag(number): child for number, child in self._child_of.items()}

    def _search_and_open(self, child: Child) -> int:
        born = child.date_of_birth
        question = Question(
            surname=child.name.surname,
            given_names=child.name.given_names,
            date_of_birth=DateOfBirth(born.year, born.month, born.day),
            is_not_yet_named=child.is_not_yet_named,
        )
        with deadlines.within(_PATIENCE):
            found = self._searching(self._acting(self._parties.practitioner("SearchChildren")), question)
            mine = [row for row in found.rows if self._child_of.get(row.current.number) is child]
            if not mine:
                return 0
            self._acting(self._parties.practitioner("OpenRecord"))
            self._looking(Handle(value=mine[0].handle), _REASON, Section.SERVICES)
            return 1

    def _acting(self, act: Act) -> Caller:
        self._ledger.acting.token = act
        peer = Peer(process="gateway.edge", system=None, thumbprint="e" * 64)
        return Caller(peer=peer, act=act, token=None, digest=bytes(32), method=act.mth, channel=None)


class _Remembering:
    """The real records, with a note of who got which number."""

    def __init__(self, records: SqlRecords, note: Callable[[int, Child], None]) -> None:
        self._records, self._note = records, note
        self.batch: Sequence[Child] = ()

    def create(self, act_id: bytes, children: Any, index: Any, receipt: Receipt) -> Any:
        for child, writes in zip(self.batch, children, strict=True):
            self._note(writes[0].number, child)
        return self._records.create(act_id, children, index, receipt)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._records, name)


@contextmanager
def running_product(tapped: Tapped) -> Iterator[Product]:
    """Yield the product, founded, on databases whose write-ahead log is kept from before their first row."""
    directory, ledger = migrated(tapped.server, "directory"), migrated(tapped.server, "audit.ledger")
    tapped.keep_log(DIRECTORY)
    tapped.keep_log(LEDGER)
    # How long a statement may take is measured elsewhere; here a busy machine must not end a day of 200,000 searches.
    engines = [
        engine_of(database._url(databases.server_role(database.process)), pool_size=size, statement_seconds=_PATIENCE)
        for database, size in ((directory, 6), (ledger, 1))
    ]
    said = limits.read(LIMITS)
    # The day of a whole country is one person's here.
    said = dataclasses.replace(said, ceilings=dict.fromkeys(said.ceilings, 1 << 40))
    rule = ReleaseRule(table=access.whole_table(), limits=said, environment=_ENVIRONMENT)
    writer = GroupCommit(
        store=PostgresStore(engines[1]),
        wrapping=FileKeyWrapping(secrets.token_bytes(32), environment=_ENVIRONMENT),
        clock=SystemClock(),
        environment=_ENVIRONMENT,
        limits_digest=said.digest,
        session_seconds=said.session_seconds,
    )
    stopping = threading.Event()
    leading = threading.Thread(target=writer.run, args=(stopping,))
    leading.start()
    try:
        end = time.monotonic() + 20
        while not writer.is_leading and time.monotonic() < end:
            time.sleep(0.02)
        product = Product(writer, rule, _found(writer, said), engines[0])
        following = threading.Thread(target=product.follow, args=(stopping,))
        following.start()
        yield product
        stopping.set()
        following.join()
    finally:
        stopping.set()
        leading.join()
        for engine in engines:
            engine.dispose()


def _found(writer: GroupCommit, said: limits.Limits) -> _Parties:
    names = {kind: str(uuid.uuid4()) for kind in ("organisation", "person", "system")} | {"service": _ENVIRONMENT}
    standings = tuple(Standing(kind, name, secrets.token_hex(32)) for kind, name in names.items())
    EnterFounding(writer=writer)(tuple(FirstParty(one.kind, one.party, bytes.fromhex(one.digest)) for one in standings))
    digest = {one.kind: bytes.fromhex(one.digest) for one in standings}
    session = str(uuid.uuid4())
    EnterSession(writer=writer, limits=said)(
        SignIn(
            session_tag=session,
            person=names["person"],
            organisation=names["organisation"],
            amr=("pwd", "otp"),
            channel="c" * 64,
            person_digest=digest["person"],
            organisation_digest=digest["organisation"],
        )
    )
    return _Parties(names["organisation"], names["person"], names["system"], session, standings)


def _provider_id(key: int) -> UUID:
    return uuid.uuid5(uuid.NAMESPACE_OID, str(key))


def _founded(providers: Sequence[Founded]) -> ProviderList:
    made = [
        Provider(
            provider_id=_provider_id(one.key),
            name=one.name,
            kind=ProviderKind.SCHOOL,
            contact=Contact(telephone=one.telephone),
            authority=one.authority,
            urn=one.urn,
            ods_code=one.ods_code,
        )
        for one in providers
    ]
    return ProviderList(
        by_id={one.provider_id: one for one in made},
        by_urn={one.urn: one for one in made if one.urn},
        by_ods_code={one.ods_code: one for one in made if one.ods_code},
    )
