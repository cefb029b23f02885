"""The role that serves can do what identity does, and no more."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.storage.identity.conftest import Store


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM standing",
        "DELETE FROM person",
        "UPDATE person SET username = 'x'",
        "DELETE FROM organisation",
        "DELETE FROM credential",
        "DELETE FROM newest_receipt",
        "UPDATE act SET outcome = '{}'",
        "TRUNCATE standing",
        "CREATE TABLE x (y int)",
        "SELECT 1 FROM alembic_version",
    ],
)
def test_it_cannot(store: Store, statement: str) -> None:
    with pytest.raises(sa.exc.ProgrammingError), store.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_secrets_are_stored_uncompressed(store: Store) -> None:
    with store.owner.connect() as connection:
        found = connection.execute(
            sa.text(
                """
                SELECT attrelid::regclass::text || '.' || attname
                FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
                WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND attstorage <> 'e'
                  AND (attname LIKE 'sealed%' OR attname IN ('bytes', 'password_hash'))
                """
            )
        ).all()
    assert found == []
