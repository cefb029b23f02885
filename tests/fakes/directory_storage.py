"""The directory's records, providers and index in memory, over the real containers and the real index."""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from uuid import UUID

from services.directory.domain.candidates import Candidate, Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.domain.names import ChildName, Shape
from services.directory.domain.providers import Contact, Provider
from services.directory.domain.statements import Statement
from services.directory.errors import RecordDamaged
from services.directory.index.changes import Added
from services.directory.index.keys import IndexKey
from services.directory.index.memory import Index
from services.directory.ports import Moment, Outcome, ProviderList, Receipt, StatementKey, StatementWrite
from services.directory.storage import statement_format
from services.directory.storage.container import Containers, StatementLock, StatementName, statement_key
from services.runtime.errors import BeingChanged

HALF = b"h" * 32


def lock_of(key: StatementKey) -> StatementLock:
    """Return the lock of a released key."""
    name = StatementName(section=key.section.value, source=key.source.bytes, version=key.version)
    return StatementLock(name=name, key=statement_key(key.key, HALF, name))


class FakeChildren:
    """Keeps ports.Children with a real index."""

    def __init__(self) -> None:
        self.key = IndexKey(bytes(range(32)), environment="synthetic")
        self.index = Index(self.key)

    def number_agrees(self, number: int, surname: str, date_of_birth: DateOfBirth) -> bool:
        return self.index.find_by_number(number, surname=surname, date_of_birth=date_of_birth) is not None

    def is_whole_name(self, number: int, name: ChildName, date_of_birth: DateOfBirth) -> bool:
        found = self.index.find_by_number(
            number,
            surname=name.surname,
            given_names=name.given_names,
            is_not_yet_named=name.shape is Shape.NOT_YET_NAMED,
            date_of_birth=date_of_birth,
        )
        return found is not None and found.is_whole_current_name

    def candidates(self, question: Question) -> Sequence[Candidate]:
        return self.index.search(question)

    def current_of(self, numbers: Collection[int]) -> Mapping[int, Entry]:
        return self.index.current_of(numbers)

    def postcode_tag(self, number: int, postcode: str) -> int | None:
        return self.key.postcode_tag(number, postcode)


class FakeRecords:
    """Keeps ports.Records; a commit is one assignment, so nothing is ever half done."""

    def __init__(self, children: FakeChildren) -> None:
        self.containers = Containers(b"d" * 32)
        self.rows: dict[int, bytes] = {}
        self.acts: dict[bytes, Outcome] = {}
        self.children = children
        self.newest = -1
        self.writes = 0
        self.written_at: dict[int, int] = {}
        self.before_commit: Callable[[], None] = lambda: None
        self._commit = threading.Lock()

    def moment(self) -> Moment:
        return Moment(str(self.writes))

    def read(self, number: int, keys: Sequence[StatementKey], *, since: Moment | None = None) -> tuple[Statement, ...]:
        try:
            return self._read(number, keys)
        except RecordDamaged:
            if since is not None and self.written_at.get(number, 0) > int(since.said):
                raise BeingChanged from None
            raise

    def _read(self, number: int, keys: Sequence[StatementKey]) -> tuple[Statement, ...]:
        if not any(key.version for key in keys):
            return ()
        if number not in self.rows:
            raise RecordDamaged
        found = []
        for place in dict.fromkeys((key.section, key.source) for key in keys):
            versions = [key for key in keys if (key.section, key.source) == place]
            opened = [
                content
                for key in versions
                if key.version
                and (content := self.containers.opened(_row(number), self.rows[number], lock_of(key))) is not None
            ]
            if len(opened) == 1:
                found.append(statement_format.decoded(opened[0], place[1]))
            elif opened or all(key.version for key in versions):
                raise RecordDamaged
        return tuple(found)

    def outcome_of(self, act_id: bytes) -> Outcome | None:
        return self.acts.get(act_id)

    def create(
        self, act_id: bytes, children: Sequence[Sequence[StatementWrite]], index: Sequence[Entry], receipt: Receipt
    ) -> Outcome:
        rows = {
            writes[0].number: self.containers.made(
                _row(writes[0].number),
                [(lock_of(write.pending), statement_format.encoded(write.statement)) for write in writes],
            )
            for writes in children
        }
        self.before_commit()
        with self._commit:
            if act_id in self.acts:
                return self.acts[act_id]
            self.rows |= rows
            self._written(*rows)
            self.children.index.apply([Added(entry) for entry in index])
            return self._done(act_id, receipt)

    def replace(self, act_id: bytes, write: StatementWrite, receipt: Receipt) -> Outcome:
        self.before_commit()
        with self._commit:
            if act_id in self.acts:
                return self.acts[act_id]
            if write.number not in self.rows:
                raise RecordDamaged
            old = [lock_of(key) for key in write.heads if key.version]
            content = statement_format.encoded(write.statement)
            self.rows[write.number] = self.containers.replaced(
                _row(write.number), self.rows[write.number], old, lock_of(write.pending), content
            )
            self._written(write.number)
            return self._done(act_id, receipt)

    def end(self, act_id: bytes, outcome: Outcome) -> Outcome:
        return self.acts.setdefault(act_id, outcome)

    def _written(self, *numbers: int) -> None:
        self.writes += 1
        self.written_at |= dict.fromkeys(numbers, self.writes)

    def _done(self, act_id: bytes, receipt: Receipt) -> Outcome:
        self.acts[act_id] = Outcome.DONE
        self.newest = max(self.newest, receipt.index)
        return Outcome.DONE


class FakeProviders:
    """Keeps ports.Providers."""

    def __init__(self, records: FakeRecords) -> None:
        self._records = records
        self.by_id: dict[UUID, Provider] = {}

    def current(self) -> ProviderList:
        held = copy.copy(self.by_id)
        return ProviderList(
            by_id=held,
            by_urn={one.urn: one for one in held.values() if one.urn},
            by_ods_code={one.ods_code: one for one in held.values() if one.ods_code},
        )

    def register(self, act_id: bytes, provider: Provider, receipt: Receipt) -> Outcome:
        held = self.current()
        is_taken = provider.urn in held.by_urn or provider.ods_code in held.by_ods_code
        if act_id in self._records.acts:
            return self._records.acts[act_id]
        if is_taken:
            return self._records.end(act_id, Outcome.PROVIDER_TAKEN)
        self.by_id[provider.provider_id] = provider
        return self._records._done(act_id, receipt)

    def amend(self, act_id: bytes, provider_id: UUID, contact: Contact, receipt: Receipt) -> Outcome:
        if act_id in self._records.acts:
            return self._records.acts[act_id]
        self.by_id[provider_id] = self.by_id[provider_id].amended(contact)
        return self._records._done(act_id, receipt)


def _row(number: int) -> bytes:
    return number.to_bytes(32, "big")
