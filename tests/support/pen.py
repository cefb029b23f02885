"""The pen of whoever administers a database: edits, deletes, inserts, keeps copies and puts them back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from deploy.local.suite import Suite


@dataclass(frozen=True)
class Column:
    """One column, as the catalogue describes it."""

    table: str
    name: str
    type: str


class Pen:
    """A superuser's connection to one process's database; every check of the schema is off for it."""

    def __init__(self, suite: Suite, process: str) -> None:
        self._connection = psycopg.connect(
            suite.database_url(process, role="admin").replace("+psycopg", ""), autocommit=True
        )
        self._connection.execute("SET session_replication_role = replica")
        self._connection.execute("SET lock_timeout = '10s'")

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def run(self, statement: str | sql.Composed, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a statement."""
        query = statement if isinstance(statement, sql.Composed) else sql.SQL(statement)
        cursor = self._connection.execute(query, values or None)
        return cursor.fetchall() if cursor.description else []

    def tables(self) -> list[str]:
        """Return the process's tables."""
        rows = self.run(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
            " AND table_type = 'BASE TABLE' AND table_name <> 'alembic_version' ORDER BY 1"
        )
        return [row[0] for row in rows]

    def columns(self) -> list[Column]:
        """Return every column of every table."""
        rows = self.run(
            "SELECT table_name, column_name, udt_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND table_name = ANY(%s) ORDER BY table_name, ordinal_position",
            self.tables(),
        )
        return [Column(*row) for row in rows]

    def copy(self, name: str) -> None:
        """Keep a copy of every table under a name."""
        schema = sql.Identifier(f"copy_{name}")
        self.run(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(schema))
        self.run(sql.SQL("CREATE SCHEMA {}").format(schema))
        for table in map(sql.Identifier, self.tables()):
            self.run(sql.SQL("CREATE TABLE {}.{} AS TABLE public.{}").format(schema, table, table))

    def restore(self, name: str, *tables: str) -> None:
        """Put a copy back in one transaction: every table of it, or those named."""
        schema = sql.Identifier(f"copy_{name}")
        with self._connection.transaction():
            for table in map(sql.Identifier, tables or self.tables()):
                self.run(sql.SQL("DELETE FROM public.{}").format(table))
                self.run(
                    sql.SQL("INSERT INTO public.{} OVERRIDING SYSTEM VALUE SELECT * FROM {}.{}").format(
                        table, schema, table
                    )
                )

    def forget(self, name: str) -> None:
        """Drop a copy."""
        self.run(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(f"copy_{name}")))

    @contextmanager
    def as_it_was(self, *tables: str) -> Iterator[None]:
        """Put the tables back as the copy "now" has them when the block ends."""
        try:
            yield
        finally:
            self.restore("now", *tables)
