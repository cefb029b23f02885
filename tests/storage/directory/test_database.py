"""What the role that serves may do to the tables, and what lies in them."""

import secrets
import threading
import time

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.directory.domain.matching import Question
from services.directory.index.keys import IndexKey
from services.directory.ports import Outcome, Receipt
from services.directory.storage.acts import SqlHeldActs
from services.directory.storage.awaited_index import AwaitedIndex
from services.directory.storage.container import Containers
from services.directory.storage.index_log import IndexLog
from services.directory.storage.receipts import SqlNewestReceipt
from services.directory.storage.records import SqlRecords, is_newer
from services.runtime.errors import DependencyUnavailable
from tests.builders.directory import ADA, BORN
from tests.builders.directory_entries import an_entry
from tests.contract.directory.test_records import IDENTITY, a_key, a_write
from tests.fakes.directory_storage import HALF
from tests.support.postgres import TestDatabase

KEY = bytes(range(32))


def records_of(engine: Engine) -> SqlRecords:
    return SqlRecords(
        engine=engine,
        containers=Containers(b"d" * 32),
        tag_key=b"t" * 32,
        half_key=HALF,
        index_log=IndexLog(engine, IndexKey(KEY, environment="synthetic")),
    )


def test_nothing_of_a_child_or_of_an_act_can_be_deleted_or_undone(engine: Engine) -> None:
    for statement in (
        "DELETE FROM record",
        "DELETE FROM act",
        "DELETE FROM provider",
        "DELETE FROM newest_receipt",
        "TRUNCATE record",
        "UPDATE act SET outcome = 2",
        "UPDATE record SET record_tag = record_tag",
        "UPDATE provider SET urn = NULL",
        "ALTER TABLE record ADD COLUMN note text",
        "CREATE TABLE mine (x int)",
    ):
        with pytest.raises(sa.exc.ProgrammingError), engine.begin() as connection:
            connection.execute(sa.text(statement))


def test_containers_are_never_compressed(engine: Engine) -> None:
    stored = sa.text(
        "SELECT attstorage FROM pg_attribute WHERE attrelid = 'record'::regclass AND attname = 'container'"
    )
    with engine.begin() as connection:
        found = connection.scalar(stored)
    assert found in ("e", b"e")


@pytest.mark.promise("R1")
def test_rows_hold_no_plain_text_and_one_size(database: TestDatabase, engine: Engine) -> None:
    records = records_of(engine)
    for length in range(3):
        key = a_key()
        records.create(secrets.token_bytes(32), [[a_write(IDENTITY, key)]], [], Receipt(length, b"l" * 32))
        owner = database.owner_engine()
        with owner.begin() as connection:
            rows = connection.execute(sa.text("SELECT record_tag, container FROM record")).all()
            connection.execute(sa.text("TRUNCATE record"))
        owner.dispose()
        (row,) = rows
        assert (len(row.record_tag), len(row.container)) == (32, 1_920)
        assert b"Lovelace" not in bytes(row.container)


def test_the_newest_receipt_outlives_a_restart_and_never_goes_back(engine: Engine) -> None:
    kept = SqlNewestReceipt(engine=engine)
    kept.keep(40)
    kept.keep(7)
    assert SqlNewestReceipt(engine=engine).load() == 40
    records_of(engine).create(secrets.token_bytes(32), [[a_write(IDENTITY, a_key())]], [], Receipt(41, b"l" * 32))
    assert kept.load() == 41


@pytest.mark.parametrize(
    "writer, snapshot, expected",
    [
        (99, "100:110:100,105", False),
        (100, "100:110:100,105", True),
        (101, "100:110:100,105", False),
        (105, "100:110:100,105", True),
        (110, "100:110:", True),
        (111, "100:110:", True),
        # Past the end of 32 bits: a writer's number is the nearest to the snapshot's.
        (5, "4294967300:4294967300:", True),
        (4294967290, "4294967300:4294967300:", False),
    ],
)
def test_a_rows_writer_is_older_or_newer_than_a_snapshot(writer: int, snapshot: str, expected: bool) -> None:
    assert is_newer(writer, snapshot) is expected


def test_two_ends_of_an_act_meet_at_its_row(engine: Engine) -> None:
    records, act = records_of(engine), secrets.token_bytes(32)
    ends: list[Outcome] = []
    threads = [
        threading.Thread(target=lambda outcome=outcome: ends.append(records.end(act, outcome)))
        for outcome in (Outcome.CANCELLED, Outcome.NOT_FOUND, Outcome.RECORD_FULL) * 4
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ends) == 12
    assert set(ends) == {records.outcome_of(act)}


def test_the_index_answers_once_the_ledger_gave_its_key(engine: Engine) -> None:
    question = Question(surname=ADA.surname, given_names=ADA.given_names, date_of_birth=BORN)
    answers: list[bytes] = []

    def open_key() -> bytes:
        if not answers:
            raise DependencyUnavailable
        return answers[0]

    log = IndexLog(engine, IndexKey(KEY, environment="synthetic"))
    with engine.begin() as connection:
        log.append(connection, [an_entry("Lovelace", "Ada")])
    index = AwaitedIndex(engine, environment="synthetic", open_key=open_key, asks_every_seconds=0.02)
    stopping = threading.Event()
    follower = threading.Thread(target=index.loop, args=(stopping,))
    follower.start()
    with pytest.raises(DependencyUnavailable):
        index.candidates(question)
    assert not index.is_loaded()
    answers.append(KEY)
    end = time.monotonic() + 5
    while not index.is_loaded() and time.monotonic() < end:
        time.sleep(0.02)
    assert len(index.candidates(question)) == 1
    stopping.set()
    follower.join(5)
    assert not follower.is_alive()


def test_held_is_what_ended_done(engine: Engine) -> None:
    records = records_of(engine)
    done, given_up, unknown = (secrets.token_bytes(32) for _ in range(3))
    records.end(done, Outcome.DONE)
    records.end(given_up, Outcome.CANCELLED)
    assert SqlHeldActs(engine=engine).done_among({done, given_up, unknown}) == {done}
    assert SqlHeldActs(engine=engine).done_among(set()) == frozenset()
