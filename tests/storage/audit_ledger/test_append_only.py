"""What the roles of the database may do: nothing of the log is changed or removed, by anyone who serves or migrates."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.audit.ledger.storage.tables import APPEND_ONLY, NEVER_DELETED, SEALED
from tests.storage.audit_ledger.conftest import StartLedger


def refuses(engine: Engine, statement: str) -> bool:
    try:
        with engine.begin() as connection:
            connection.execute(sa.text(statement))
    except sa.exc.ProgrammingError as error:
        return getattr(error.orig, "sqlstate", "") == "42501"
    return False


def changes(table: str) -> list[str]:
    column = {"tag": "index", "tile": "root", **SEALED}[table]
    return [f"DELETE FROM {table}", f"TRUNCATE {table}", f"UPDATE {table} SET {column} = NULL"]


@pytest.mark.promise("A1")
@pytest.mark.parametrize("table", APPEND_ONLY)
def test_nobody_changes_what_was_appended(start: StartLedger, serving: Engine, owner: Engine, table: str) -> None:
    start().found()
    for engine in (serving, owner):
        assert [statement for statement in changes(table) if not refuses(engine, statement)] == []


@pytest.mark.promise("R5")
@pytest.mark.parametrize("table", NEVER_DELETED)
def test_nobody_deletes_a_key(serving: Engine, owner: Engine, table: str) -> None:
    for engine in (serving, owner):
        assert refuses(engine, f"DELETE FROM {table}")
        assert refuses(engine, f"TRUNCATE {table}")


def test_the_serving_role_owns_nothing_and_makes_nothing(serving: Engine) -> None:
    for statement in (
        "ALTER TABLE entry DISABLE TRIGGER ALL",
        "DROP TABLE entry",
        "CREATE TABLE mine (a int)",
        "DELETE FROM writer",
        "INSERT INTO writer (id, epoch, sealed, checkpoint) VALUES (2, 0, '', '')",
    ):
        assert refuses(serving, statement), statement


@pytest.mark.promise("R1")
def test_ciphertext_is_stored_as_it_is(owner: Engine) -> None:
    query = "SELECT attstorage FROM pg_attribute WHERE attrelid = CAST(:t AS regclass) AND attname = :c"
    with owner.connect() as connection:
        found = {connection.scalar(sa.text(query), {"t": table, "c": column}) for table, column in SEALED.items()}
    assert found in ({b"e"}, {"e"})
