"""The log comes back as written, in the order of commits, and whoever cuts, moves or flips a row is found out."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.directory.domain.candidates import Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.errors import IndexRefused
from services.directory.index.changes import Added, Removed
from services.directory.storage.index_log import IndexLog
from services.runtime.database import transaction
from tests.builders.directory_entries import BORN, an_entry

MakeLog = Callable[[], IndexLog]
ADA = Question(surname="Lovelace", given_names="Ada", date_of_birth=BORN)


def write(log: IndexLog, engine: Engine, *entries: Entry) -> None:
    with transaction(engine) as connection:
        log.append(connection, entries)


def numbers(log: IndexLog, question: Question = ADA) -> list[int]:
    return [one.current.number for one in log.candidates(question)]


def everything(log: IndexLog) -> bytes:
    return b"".join(sorted(log._index.dumped().pieces))


def children(count: int) -> list[Entry]:
    return [
        an_entry(f"Sur{chr(97 + at % 26)}", f"Name{chr(97 + at % 7)}", number=2_000_000_000 + at) for at in range(count)
    ]


def test_what_is_committed_is_found_by_the_next_search_of_any_process(a_log: MakeLog, engine: Engine) -> None:
    one, other = a_log(), a_log()
    assert numbers(other) == []
    write(one, engine, an_entry(number=1_000_000_001))
    assert numbers(other) == [1_000_000_001]
    with transaction(engine) as connection:
        old = other.entries_of(1_000_000_001, BORN)
        one.append_changes(connection, [Removed(old[0]), Added(an_entry("King", number=1_000_000_001))])
    assert numbers(other) == []
    assert numbers(other, Question(surname="King", given_names="Ada", date_of_birth=BORN)) == [1_000_000_001]


def test_what_is_rolled_back_was_never_there(a_log: MakeLog, engine: Engine) -> None:
    log = a_log()
    with engine.connect() as connection:
        log.append(connection, [an_entry()])
        connection.rollback()
    write(log, engine, an_entry(number=1_000_000_002))
    assert numbers(a_log()) == [1_000_000_002]


def test_a_search_asks_the_same_one_statement_whoever_is_looked_for(a_log: MakeLog, engine: Engine) -> None:
    log = a_log()
    write(log, engine, an_entry())
    log.load()
    asked: list[tuple[object, object]] = []

    class Recording(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **how: Any) -> Self:
            asked.append((query, params))
            return super().execute(query, params, **how)

    def record(driver: psycopg.Connection[Any], *_: object) -> None:
        driver.cursor_factory = Recording

    sa.event.listen(engine, "checkout", record)
    log.candidates(ADA)
    log.candidates(Question(surname="Nobody", date_of_birth=DateOfBirth(2001, 1, 1)))
    assert len(asked) == 2
    assert asked[0] == asked[1]


@pytest.mark.promise("R1")
def test_rows_have_one_size_and_say_not_how_many_names_a_child_has(a_log: MakeLog, engine: Engine) -> None:
    log = a_log()
    write(log, engine, an_entry())
    write(log, engine, an_entry(), an_entry("Byron", is_former=True), an_entry("Noel", is_former=True))
    with engine.begin() as connection:
        rows = connection.execute(sa.text("SELECT seq, sealed FROM index_delta ORDER BY seq")).all()
    assert [row.seq for row in rows] == list(range(1, 9))
    assert {len(row.sealed) for row in rows} == {512}


def test_eight_writers_at_once_make_one_chain_in_the_order_of_commits(a_log: MakeLog, engine: Engine) -> None:
    reader, stop, seen = a_log(), threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            reader.catch_up()
            seen.append(reader.position.seq)

    def write_some(writer: int) -> None:
        log = a_log()
        for at in range(25):
            write(log, engine, an_entry(number=3_000_000_000 + 100 * writer + at))

    reading = threading.Thread(target=read)
    reading.start()
    with ThreadPoolExecutor(8) as writers:
        list(writers.map(write_some, range(8)))
    stop.set()
    reading.join()
    reader.catch_up()
    assert seen == sorted(seen)
    assert reader.entries == 200
    fresh = a_log()
    fresh.load()
    assert fresh.position == reader.position
    assert everything(fresh) == everything(reader)


def test_a_snapshot_loads_what_the_deltas_say(a_log: MakeLog, engine: Engine) -> None:
    writer = a_log()
    write(writer, engine, *children(300))
    replayed = a_log()
    replayed.load()
    writer.write_snapshot()
    write(writer, engine, an_entry(number=1_000_000_003))
    loaded = a_log()
    loaded.load()
    replayed.catch_up()
    assert loaded.position == replayed.position
    assert everything(loaded) == everything(replayed)
    assert numbers(loaded) == [1_000_000_003]


def test_two_generations_stay_and_the_deltas_that_the_older_needs(a_log: MakeLog, engine: Engine) -> None:
    log = a_log()
    made = []
    for at in range(4):
        write(log, engine, an_entry(number=1_000_000_010 + at))
        made.append(log.write_snapshot())
    with engine.begin() as connection:
        kept = connection.scalars(sa.text("SELECT DISTINCT generation FROM index_snapshot ORDER BY 1")).all()
        first = connection.scalar(sa.text("SELECT min(seq) FROM index_delta"))
        older = connection.scalar(sa.text("SELECT seq FROM index_snapshot WHERE generation = :one"), {"one": made[-2]})
    assert kept == made[-2:]
    assert first == older + 1
    log.write_snapshot()
    log.write_snapshot()
    fresh = a_log()
    write(fresh, engine, an_entry(number=1_000_000_020))
    fresh.load()
    assert len(numbers(fresh)) == 5


def test_a_process_that_stood_still_for_two_nights_comes_back_by_the_snapshot(a_log: MakeLog, engine: Engine) -> None:
    sleeper, log = a_log(), a_log()
    sleeper.load()
    for at in range(3):
        write(log, engine, an_entry(number=1_000_000_030 + at))
        log.write_snapshot()
    assert len(numbers(sleeper)) == 3


ATTACKS = {
    "a row deleted": "DELETE FROM index_delta WHERE seq = 3",
    "two rows swapped": """
        UPDATE index_delta SET sealed = CASE seq WHEN 2 THEN (SELECT sealed FROM index_delta WHERE seq = 3)
            ELSE (SELECT sealed FROM index_delta WHERE seq = 2) END WHERE seq IN (2, 3)
    """,
    "a row played again": "INSERT INTO index_delta SELECT 13, sealed FROM index_delta WHERE seq = 4",
    "a bit flipped": "UPDATE index_delta SET sealed = set_byte(sealed, 200, get_byte(sealed, 200) # 1) WHERE seq = 5",
    "the first rows deleted": "DELETE FROM index_delta WHERE seq < 5",
    "a row deleted and the rest moved up": """
        DELETE FROM index_delta WHERE seq = 6;
        UPDATE index_delta SET seq = seq - 1 WHERE seq > 6
    """,
    "a row in the middle overwritten by its successor": """
        UPDATE index_delta SET sealed = (SELECT sealed FROM index_delta WHERE seq = 8) WHERE seq = 7
    """,
}


@pytest.mark.promise("R3")
@pytest.mark.parametrize("attack", ATTACKS)
def test_whoever_touches_a_row_stops_the_search(a_log: MakeLog, engine: Engine, owner: Engine, attack: str) -> None:
    log = a_log()
    write(log, engine, *children(12))
    attacked(owner, ATTACKS[attack])
    fresh = a_log()
    with pytest.raises(IndexRefused):
        fresh.load()
    with pytest.raises(IndexRefused):
        fresh.candidates(ADA)
    running = a_log()
    with pytest.raises(IndexRefused):
        running.candidates(ADA)


@pytest.mark.promise("R3")
def test_every_byte_of_a_row_counts(a_log: MakeLog, engine: Engine, owner: Engine) -> None:
    write(a_log(), engine, *children(4))
    with owner.begin() as connection:
        row = connection.scalar(sa.text("SELECT sealed FROM index_delta WHERE seq = 2"))
    assert row is not None
    for at in range(0, 512, 37):
        flipped = bytearray(row)
        flipped[at] ^= 0x40
        with owner.begin() as connection:
            connection.execute(sa.text("UPDATE index_delta SET sealed = :row WHERE seq = 2"), {"row": bytes(flipped)})
        with pytest.raises(IndexRefused):
            a_log().load()


@pytest.mark.promise("R3")
def test_rows_cut_off_the_end_are_found_by_whoever_had_read_them(a_log: MakeLog, engine: Engine, owner: Engine) -> None:
    log = a_log()
    write(log, engine, *children(8))
    log.catch_up()
    attacked(owner, "DELETE FROM index_delta WHERE seq > 4")
    with pytest.raises(IndexRefused):
        write(log, engine, an_entry())
    # What another process writes over them does not go on from what this one has read.
    write(a_log(), engine, *children(8))
    log.catch_up()
    assert log.entries == 12


@pytest.mark.promise("R3")
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE index_snapshot SET sealed = set_byte(sealed, 70000, get_byte(sealed, 70000) # 1)",
        "UPDATE index_snapshot SET generation = generation + 5",
        "UPDATE index_snapshot SET seq = seq - 4",
        "UPDATE index_snapshot SET part = 1",
        "UPDATE index_snapshot SET parts = 2",
        "DELETE FROM index_snapshot",
    ],
)
def test_a_snapshot_altered_moved_or_gone_is_refused(
    a_log: MakeLog, engine: Engine, owner: Engine, attack: str
) -> None:
    log = a_log()
    for _ in range(3):
        write(log, engine, *children(8))
        log.write_snapshot()
    attacked(owner, "DELETE FROM index_snapshot WHERE generation = 2", attack)
    with pytest.raises(IndexRefused):
        a_log().load()


def test_the_older_snapshot_and_the_deltas_since_stand_in_for_a_damaged_one(
    a_log: MakeLog, engine: Engine, owner: Engine
) -> None:
    log = a_log()
    for at in range(2):
        write(log, engine, an_entry(number=1_000_000_040 + at))
        log.write_snapshot()
    attacked(
        owner, "DELETE FROM index_snapshot WHERE generation = 2 AND part = 0; UPDATE index_snapshot SET part = part"
    )
    attacked(owner, "INSERT INTO index_snapshot SELECT 2, part, parts, seq, sealed FROM index_snapshot")
    fresh = a_log()
    fresh.load()
    assert len(numbers(fresh)) == 2


def test_who_serves_can_change_no_row(engine: Engine) -> None:
    for statement in (
        "UPDATE index_delta SET seq = seq",
        "UPDATE index_snapshot SET part = part",
        "TRUNCATE index_delta",
    ):
        with pytest.raises(sa.exc.ProgrammingError), engine.begin() as connection:
            connection.execute(sa.text(statement))


def attacked(owner: Engine, *statements: str) -> None:
    with owner.begin() as connection:
        for text in statements:
            for one in filter(str.strip, text.split(";")):
                connection.execute(sa.text(one))
