"""check-log finds whatever was changed, and names the first bad entry."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.audit.ledger.check_log import CheckedLog, check_log
from services.audit.ledger.gaps_met import LogFaulty
from services.audit.ledger.storage.key_wrapping import FileKeyWrapping
from tests.fakes.audit_ledger import ENVIRONMENT, Ledger
from tests.storage.audit_ledger.conftest import StartLedger
from tests.support.postgres import TestDatabase

SWAP = """
    UPDATE entry a SET sealed = b.sealed, leaf = b.leaf FROM entry b
    WHERE a.index IN (7, 8) AND b.index = 15 - a.index
"""
WRAPPING = FileKeyWrapping(b"r" * 32, environment=ENVIRONMENT)


def checked(engine: Engine, note: str | None = None) -> CheckedLog:
    return check_log(engine, WRAPPING, environment=ENVIRONMENT, note=note, tell=print)


@pytest.fixture
def ledger(start: StartLedger) -> Ledger:
    made = start()
    made.found()
    who = made.somebody()
    for _ in range(3):
        made.look(who, made.create(who).handle)
    return made


def edit(database: TestDatabase, statement: str) -> None:
    """Change the database as its superuser, whom no trigger stops."""
    with database.server.connect(database.process.database) as connection:
        connection.execute("SET session_replication_role = replica")
        assert connection.execute(statement.encode()).rowcount


def test_a_log_as_it_was_written_is_in_order(ledger: Ledger, serving: Engine) -> None:
    early = ledger.writer.published().checkpoint
    found = checked(serving)
    assert (found.entries, found.checkpoint_size) == (ledger.writer.published().size,) * 2
    ledger.somebody()
    assert checked(serving, early).checkpoint_size == found.entries


@pytest.mark.promise("A1")
def test_every_flipped_byte_of_an_entry_is_found(ledger: Ledger, serving: Engine, database: TestDatabase) -> None:
    with serving.connect() as connection:
        size = int(connection.scalar(sa.text("SELECT octet_length(sealed) FROM entry WHERE index = 4")) or 0)
    flip = "UPDATE entry SET {0} = set_byte({0}, {1}, get_byte({0}, {1}) # 1) WHERE index = 4"
    for column, at in [*(("sealed", at) for at in range(0, size, 97)), *(("leaf", at) for at in range(0, 32, 5))]:
        edit(database, flip.format(column, at))
        with pytest.raises(LogFaulty, match="entry 4:"):
            checked(serving)
        edit(database, flip.format(column, at))
    checked(serving)


@pytest.mark.promise("A1")
@pytest.mark.parametrize(
    "statement, first",
    [
        ("DELETE FROM entry WHERE index = 5", 5),
        ("DELETE FROM entry WHERE index = (SELECT max(index) FROM entry)", None),
        ("UPDATE entry SET index = 1000 WHERE index = 6", 6),
        ("UPDATE entry SET at = at + interval '1 second' WHERE index = 3", 3),
        ("UPDATE entry SET month = 1 WHERE index = 2", 2),
        (SWAP, 7),
        ("INSERT INTO entry SELECT index + 1, at, month, leaf, sealed FROM entry ORDER BY index DESC LIMIT 1", None),
        ("DELETE FROM tag WHERE index = 4", 4),
        ("UPDATE tag SET index = 1 WHERE index = 4", 4),
        ("INSERT INTO tag VALUES ('x', 1)", 0),
        ("UPDATE writer SET checkpoint = replace(checkpoint, 'contactpoint', 'contact')", None),
        ("INSERT INTO tile VALUES (0, 'x')", None),
        ("DELETE FROM wrapped_key WHERE name = 'act'", None),
    ],
)
def test_every_other_change_is_found(
    ledger: Ledger, serving: Engine, database: TestDatabase, statement: str, first: int | None
) -> None:
    edit(database, statement)
    with pytest.raises(LogFaulty) as found:
        checked(serving)
    if first is not None:
        assert re.search(rf"entry {first}\b", str(found.value))


@pytest.mark.promise("A1")
def test_an_older_copy_is_found_by_a_checkpoint_kept_elsewhere(
    ledger: Ledger, serving: Engine, database: TestDatabase
) -> None:
    with serving.connect() as connection:
        then = connection.execute(sa.text("SELECT checkpoint FROM writer")).scalar_one()
    ledger.somebody()
    ledger.stop()
    with serving.connect() as connection:
        newest = connection.execute(sa.text("SELECT checkpoint FROM writer")).scalar_one()
    size = int(then.split("\n")[1])
    edit(database, f"DELETE FROM tag WHERE index >= {size}")
    edit(database, f"DELETE FROM entry WHERE index >= {size}")
    with database.server.connect(database.process.database) as connection:
        connection.execute("UPDATE writer SET checkpoint = %s", (then,))
    assert checked(serving).entries == size
    with pytest.raises(LogFaulty, match=f"entry {size} is missing"):
        checked(serving, newest)


def test_another_root_secret_checks_nothing(ledger: Ledger, serving: Engine) -> None:
    other = FileKeyWrapping(b"s" * 32, environment=ENVIRONMENT)
    with pytest.raises(LogFaulty, match="keys"):
        check_log(serving, other, environment=ENVIRONMENT, note=None, tell=print)


def test_tiles_are_kept_and_checked(start: StartLedger, serving: Engine, database: TestDatabase) -> None:
    ledger = start()
    ledger.found()
    who = ledger.somebody()
    for _ in range(260):
        ledger.search(who)
    assert checked(serving).entries > 256
    root = ledger.writer.published().tree.root()
    ledger.stop()
    again = start()
    assert again.writer.published().tree.root() == root
    edit(database, "UPDATE tile SET root = set_byte(root, 0, get_byte(root, 0) # 1)")
    with pytest.raises(LogFaulty, match="entry 0: the tile"):
        checked(serving)


def test_a_log_without_entries_has_no_keys(database: TestDatabase, serving: Engine) -> None:
    with pytest.raises(LogFaulty):
        checked(serving)
