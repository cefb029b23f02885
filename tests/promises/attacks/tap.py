"""A PostgreSQL in a DBA's hands: all of its write-ahead log kept and decoded, every statement of a day written down."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.local import secret_files
from deploy.local.layout import Layout
from deploy.local.postgres import SUPERUSER, PostgresServer, isolation
from tests.promises.attacks.haul import Haul, Said, Written

_SLOT = "dba"
_AT_ONCE = 4_000
_HEAD = re.compile(r"^table \w+\.(\w+): (INSERT|UPDATE|DELETE): ")
_COLUMN = re.compile(r"(\w+)\[([^\]]+)\]:(?:'((?:[^']|'')*)'|(\S+))")
_PARAMETER = re.compile(r"\$\d+ = (?:'((?:[^']|'')*)'|NULL)")
_ELEMENT = re.compile(r'"?(?:\\+x)?([^",{}]+)"?')


@dataclass(frozen=True)
class Tapped:
    """A running server whose superuser is the attacker."""

    server: PostgresServer

    def keep_log(self, database: str) -> None:
        """Keep the database's write-ahead log from now on, to be decoded later."""
        with self.server.connect(database) as connection:
            connection.execute(
                "SELECT pg_create_logical_replication_slot(%s, 'test_decoding')", (f"{_SLOT}_{database}",)
            )

    def begin_day(self) -> None:
        """From now on write every statement down, with its values."""
        self._set(log_statement="all", log_parameter_max_length="-1", log_parameter_max_length_on_error="-1")

    def end_day(self) -> None:
        """Stop writing statements down."""
        self._set(log_statement="none")

    def haul(self, *databases: str) -> Haul:
        """Return everything: each database's whole write-ahead log, decoded, and the day's statements."""
        written: list[Written] = []
        for database in databases:
            written.extend(self._decoded(database))
        return Haul.of(written, list(self._said()))

    def _set(self, **settings: str) -> None:
        with self.server.connect() as connection:
            for name, value in settings.items():
                connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
            connection.execute("SELECT pg_reload_conf(), pg_sleep(0.3)")

    def _decoded(self, database: str) -> Iterator[Written]:
        slot = f"{_SLOT}_{database}"
        count = 0
        transaction = (database, count)
        with self.server.connect(database) as connection:
            while rows := _changes(connection, slot):
                for row in rows:
                    text = str(row[0])
                    if text.startswith("BEGIN"):
                        count += 1
                        transaction = (database, count)
                    elif head := _HEAD.match(text):
                        yield Written(
                            table=f"{database}.{head[1]}",
                            kind=head[2],
                            transaction=transaction,
                            values={
                                found[1]: _value(found[2], found[3], found[4])
                                for found in _COLUMN.finditer(text, head.end())
                            },
                        )

    def _said(self) -> Iterator[Said]:
        for path in sorted((self.server.data / "log").glob("*.json")):
            with path.open(encoding="utf-8", errors="surrogateescape") as lines:
                for line in lines:
                    said = json.loads(line)
                    text = str(said.get("message", ""))
                    kind, _, statement = text.partition(": ")
                    if not (kind == "statement" or kind.startswith("execute")):
                        continue
                    if parameters := _parameters(said.get("detail", "")):
                        at = datetime.strptime(said["timestamp"].removesuffix(" UTC"), "%Y-%m-%d %H:%M:%S.%f")  # noqa: DTZ007
                        yield Said.of(at, said.get("dbname", ""), statement, parameters)


@contextmanager
def tapped_postgres(folder: Path) -> Iterator[Tapped]:
    """Yield a server below `folder`, stopped afterwards: the deployment's, but for the DBA's own wishes."""
    layout = Layout(folder)
    server = PostgresServer(
        layout=layout,
        name="postgres",
        data=layout.postgres / "data",
        sockets=layout.sockets / "pg",
        isolation=isolation(),
    )
    for part in (folder, layout.secrets, layout.postgres):
        part.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret_files.password(layout, f"{SUPERUSER}.postgres")
    server.initialise()
    server.configure()
    wishes = {
        "wal_level": "logical",
        "max_wal_size": "4GB",
        # The attack needs the log, not the durability, which A4 shows.
        "fsync": "off",
        "logging_collector": "on",
        "log_destination": "jsonlog",
        "log_rotation_size": "0",
        "logical_decoding_work_mem": "256MB",
    }
    command = [*server.command(), *(part for name, value in wishes.items() for part in ("-c", f"{name}={value}"))]
    with (
        (folder / "postgres.txt").open("wb") as said,
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT) as running,
    ):
        try:
            assert server.wait_until_ready(30.0), (folder / "postgres.txt").read_text()
            yield Tapped(server)
        finally:
            running.terminate()
            try:
                running.wait(20.0)
            except subprocess.TimeoutExpired:
                running.kill()


def _changes(connection: psycopg.Connection[tuple[object, ...]], slot: str) -> list[tuple[object, ...]]:
    return connection.execute(
        "SELECT data FROM pg_logical_slot_get_changes(%s, NULL, %s, 'include-xids', '0')", (slot, _AT_ONCE)
    ).fetchall()


def _value(kind: str, quoted: str | None, bare: str | None) -> bytes:
    if quoted is None:
        return (bare or "").encode()
    return bytes.fromhex(quoted[2:]) if kind == "bytea" else quoted.replace("''", "'").encode()


def _parameters(detail: str) -> tuple[tuple[bytes, ...], ...]:
    """Return each parameter's values: one, or those of an array."""
    if not detail.lower().startswith("parameters: "):
        return ()
    return tuple(_values(found[1]) for found in _PARAMETER.finditer(detail))


def _values(text: str | None) -> tuple[bytes, ...]:
    if text is None:
        return ()
    if text.startswith("\\x"):
        return (bytes.fromhex(text[2:]),)
    if text.startswith("{") and text.endswith("}"):
        return tuple(_element(found[1]) for found in _ELEMENT.finditer(text))
    return (text.encode("utf-8", "surrogateescape"),)


def _element(text: str) -> bytes:
    try:
        return bytes.fromhex(text) if len(text) > 15 else text.encode()
    except ValueError:
        return text.encode("utf-8", "surrogateescape")
