"""Records in memory and in PostgreSQL: one end for each act, statements that open as written, and nothing half done."""

import secrets
import threading
import uuid
from datetime import UTC, datetime

import pytest

from services.directory.domain.candidates import Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.names import ChildName, Gender
from services.directory.domain.statements import Carer, Content, Home, Identity, Section, Services, Statement
from services.directory.errors import RecordDamaged, RecordFull
from services.directory.ports import Outcome, Receipt, StatementKey, StatementWrite
from services.runtime.errors import BeingChanged
from tests.contract.directory.conftest import Storage

NUMBER = 1_000_000_009
SOURCE, OTHER = uuid.uuid4(), uuid.uuid4()
NOW = datetime(2026, 6, 1, 9, 30, tzinfo=UTC)
IDENTITY = Identity(name=ChildName.full("Lovelace", "Ada"), date_of_birth=DateOfBirth(2015, 3, 4), gender=Gender.FEMALE)
ENTRY = Entry(
    number=NUMBER,
    is_former=False,
    name=IDENTITY.name,
    date_of_birth=IDENTITY.date_of_birth,
    gender=IDENTITY.gender,
    postcode_tag=None,
)
RECEIPT = Receipt(7, b"l" * 32)


def an_act() -> bytes:
    return secrets.token_bytes(32)


def a_key(section: Section = Section.IDENTITY, source: uuid.UUID = SOURCE, version: int = 1) -> StatementKey:
    return StatementKey(section=section, source=source, version=version, key=secrets.token_bytes(32))


def a_write(content: Content, key: StatementKey, *heads: StatementKey) -> StatementWrite:
    said = Statement(source=key.source, supplied_at=NOW, confirmed_at=NOW, content=content)
    return StatementWrite(number=NUMBER, statement=said, pending=key, heads=heads)


def created(storage: Storage) -> StatementKey:
    key = a_key()
    assert storage.records.create(an_act(), [[a_write(IDENTITY, key)]], [ENTRY], RECEIPT) is Outcome.DONE
    return key


def test_what_was_written_is_read_under_its_keys_alone(storage: Storage) -> None:
    key, home = a_key(), a_key(Section.HOME)
    writes = [a_write(IDENTITY, key), a_write(Home(carers=(Carer(name="Anne"),)), home)]
    storage.records.create(an_act(), [writes], [ENTRY], RECEIPT)
    (one,) = storage.records.read(NUMBER, [key])
    assert (one.content, one.source, one.supplied_at) == (IDENTITY, SOURCE, NOW)
    assert {type(found.content) for found in storage.records.read(NUMBER, [key, home])} == {Identity, Home}


@pytest.mark.parametrize("wrong", ["key", "version", "source", "section", "number"])
def test_a_key_that_opens_nothing_is_an_alarm(storage: Storage, wrong: str) -> None:
    key = created(storage)
    section = Section.HOME if wrong == "section" else key.section
    other = StatementKey(
        section=section,
        source=OTHER if wrong == "source" else key.source,
        version=key.version + (wrong == "version"),
        key=bytes(32) if wrong == "key" else key.key,
    )
    with pytest.raises(RecordDamaged):
        storage.records.read(NUMBER + (wrong == "number"), [other])


def test_a_version_that_nobody_wrote_yet_may_be_missing(storage: Storage) -> None:
    created(storage)
    pending = a_key(Section.SERVICES, OTHER)
    nothing = StatementKey(section=Section.SERVICES, source=OTHER, version=0, key=b"")
    assert storage.records.read(NUMBER, [nothing, pending]) == ()
    with pytest.raises(RecordDamaged):
        storage.records.read(NUMBER, [pending])


def test_nobody_is_read_in_the_same_way(storage: Storage) -> None:
    assert storage.records.read(0, []) == ()


def test_a_statement_takes_the_place_of_the_one_before_and_leaves_others_alone(storage: Storage) -> None:
    key = created(storage)
    first, second = a_key(Section.SERVICES, OTHER), a_key(Section.SERVICES, OTHER, 2)
    storage.records.replace(an_act(), a_write(Services(), first), RECEIPT)
    storage.records.replace(
        an_act(), a_write(Services(former_names=(ChildName.single("Ada"),)), second, first), RECEIPT
    )
    assert len(storage.records.read(NUMBER, [key, second])) == 2
    # Head and pending stand side by side until the ledger knows how the act ended: one of both opens.
    assert storage.records.read(NUMBER, [first, second]) == storage.records.read(NUMBER, [second])
    with pytest.raises(RecordDamaged):
        storage.records.read(NUMBER, [first])


def test_keys_older_than_the_row_are_told_from_damage(storage: Storage) -> None:
    created(storage)
    first, second = a_key(Section.SERVICES, OTHER), a_key(Section.SERVICES, OTHER, 2)
    storage.records.replace(an_act(), a_write(Services(), first), RECEIPT)
    moment = storage.records.moment()
    assert len(storage.records.read(NUMBER, [first], since=moment)) == 1
    storage.records.replace(an_act(), a_write(Services(), second, first), RECEIPT)
    with pytest.raises(BeingChanged):
        storage.records.read(NUMBER, [first], since=moment)
    with pytest.raises(RecordDamaged):
        storage.records.read(NUMBER, [first], since=storage.records.moment())


def test_an_act_ends_once(storage: Storage) -> None:
    act, key, home = an_act(), a_key(), a_key(Section.HOME)
    assert storage.records.outcome_of(act) is None
    assert storage.records.create(act, [[a_write(IDENTITY, key)]], [ENTRY], RECEIPT) is Outcome.DONE
    assert storage.records.create(act, [[a_write(IDENTITY, a_key())]], [ENTRY], RECEIPT) is Outcome.DONE
    assert storage.records.end(act, Outcome.CANCELLED) is Outcome.DONE
    assert storage.records.outcome_of(act) is Outcome.DONE
    assert len(storage.records.read(NUMBER, [key])) == 1

    stalled = an_act()
    assert storage.records.end(stalled, Outcome.CANCELLED) is Outcome.CANCELLED
    assert storage.records.replace(stalled, a_write(Home(), home), RECEIPT) is Outcome.CANCELLED
    with pytest.raises(RecordDamaged):
        storage.records.read(NUMBER, [home])


def test_what_does_not_fit_changes_nothing(storage: Storage) -> None:
    key, act = created(storage), an_act()
    long = Home(carers=tuple(Carer(name="A" * 120, email="e" * 120) for _ in range(40)))
    with pytest.raises(RecordFull):
        storage.records.replace(act, a_write(long, a_key(Section.HOME)), RECEIPT)
    assert storage.records.outcome_of(act) is None
    assert len(storage.records.read(NUMBER, [key])) == 1


def test_a_child_that_is_not_here_cannot_be_written(storage: Storage) -> None:
    with pytest.raises(RecordDamaged):
        storage.records.replace(an_act(), a_write(Home(), a_key(Section.HOME)), RECEIPT)


def test_writers_of_different_sources_lose_nothing_to_one_another(storage: Storage) -> None:
    created(storage)
    keys = [a_key(Section.SERVICES, uuid.uuid4()) for _ in range(6)]
    threads = [
        threading.Thread(target=storage.records.replace, args=(an_act(), a_write(Services(), key), RECEIPT))
        for key in keys
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(storage.records.read(NUMBER, keys)) == 6
