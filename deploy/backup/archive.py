"""What is kept of one PostgreSQL: base backups, and every file of its write-ahead log."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.backup.reported import run
from deploy.local import private_files
from deploy.local.fault import Fault
from deploy.local.postgres import PostgresServer, binaries, scram_verifier

REPLICATION = "contactpoint_backup"
_WITNESS = "witness"
_ATTACHED_SECONDS = 20.0
_ARCHIVED_SECONDS = 30.0


@dataclass(frozen=True)
class Archive:
    """The folder in which one PostgreSQL's backups lie: it must be on another machine than the data."""

    folder: Path

    @property
    def log(self) -> Path:
        """Whole files of write-ahead log, as `archive_command` brings them."""
        return self.folder / "wal"

    @property
    def witnessed(self) -> Path:
        """Write-ahead log as a witness takes it down while it is written; the last file of it is not whole."""
        return self.folder / "witnessed"

    @property
    def base(self) -> Path:
        """The newest base backup."""
        return self.folder / "base"

    def prepare(self) -> None:
        """Make the folders."""
        for path in (self.folder, self.log, self.witnessed):
            private_files.folder(path)

    def archive_command(self) -> str:
        """Return what PostgreSQL runs for each file: whole and durable, or not at all, and never over another one."""
        target, part = f'"{self.log}/%f"', f'"{self.log}/%f.part"'
        return f'test ! -f {target} && cp "%p" {part} && sync {part} && mv {part} {target}'

    def restore_command(self) -> str:
        """Return how PostgreSQL finds a file: archived, else witnessed, else witnessed in part."""
        tries = (f"{self.log}/%f", f"{self.witnessed}/%f", f"{self.witnessed}/%f.partial")
        return " || ".join(f'cp "{path}" "%p" 2>/dev/null' for path in tries)


def begin(server: PostgresServer, archive: Archive) -> None:
    """Tell a running PostgreSQL to archive, and make the role that takes copies; it counts from its next start on."""
    archive.prepare()
    with server.connect() as connection:
        for name, value in (("archive_mode", "on"), ("archive_command", archive.archive_command())):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(name), sql.Literal(value)))
        password = private_files_password(archive)
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN REPLICATION PASSWORD {}").format(
                sql.Identifier(REPLICATION), sql.Literal(scram_verifier(connection, REPLICATION, password))
            )
        )
    with (server.data / "pg_hba.conf").open("a") as rules:
        rules.write(f"local replication {REPLICATION} scram-sha-256\n")


def private_files_password(archive: Archive) -> str:
    """Return the password of the role that takes copies, made at the first asking."""
    path = _password_file(archive)
    if not path.exists():
        private_files.write(path, f"*:*:*:*:{os.urandom(24).hex()}\n".encode(), replace=False)
    return path.read_text().strip().rpartition(":")[2]


def back_up(server: PostgresServer, archive: Archive) -> None:
    """Take a base backup, and prove that each of its files is as the server had it; raises Fault."""
    run(
        [
            binaries() / "pg_basebackup",
            *(f"--dbname={_replication_url(server, archive)}", f"--pgdata={archive.base}"),
            *("--checkpoint=fast", "--wal-method=stream", "--no-password"),
        ]
    )
    run([binaries() / "pg_verifybackup", "--quiet", archive.base])


def moment(server: PostgresServer) -> str:
    """Return the present moment by the database's clock, as recovery names it."""
    with server.connect() as connection:
        row = connection.execute("SELECT clock_timestamp()::text").fetchone()
    return str(row[0]) if row else ""


def archive_now(server: PostgresServer, archive: Archive) -> None:
    """Have the file that is being written archived, as `archive_timeout` does every few minutes; raises Fault."""
    with server.connect() as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
    wanted, end = archive.log / str(row[0] if row else ""), time.monotonic() + _ARCHIVED_SECONDS
    while not wanted.exists():
        if time.monotonic() > end:
            msg = f"{wanted.name} was not archived in {_ARCHIVED_SECONDS:.0f} s."
            raise Fault(msg)
        time.sleep(0.05)


class Witness:
    """Takes the write-ahead log down as it is written; PostgreSQL acknowledges nothing that it has not.

    It stands for the synchronous standby that the ledger must have: what was acknowledged is in two places.
    """

    def __init__(self, server: PostgresServer, archive: Archive) -> None:
        url = _replication_url(server, archive) + f"&application_name={_WITNESS}"
        command: list[str | Path] = [
            binaries() / "pg_receivewal",
            f"--dbname={url}",
            f"--directory={archive.witnessed}",
            "--slot=witness",
        ]
        run([*command, "--create-slot", "--if-not-exists"])
        self._running = subprocess.Popen(
            [*command, "--synchronous", "--no-password"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            with server.connect() as connection:
                self._await_attached(connection)
                connection.execute(
                    sql.SQL("ALTER SYSTEM SET synchronous_standby_names = {}").format(sql.Literal(_WITNESS))
                )
                connection.execute("SELECT pg_reload_conf()")
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """End it; with it everything waits that wants to be acknowledged."""
        self._running.kill()
        self._running.wait()

    def _await_attached(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        end = time.monotonic() + _ATTACHED_SECONDS
        query = "SELECT 1 FROM pg_stat_replication WHERE application_name = %s AND state = 'streaming'"
        while connection.execute(query, (_WITNESS,)).fetchone() is None:
            if time.monotonic() > end or self._running.poll() is not None:
                raise Fault("The witness of the ledger's write-ahead log did not attach.")
            time.sleep(0.05)


def _password_file(archive: Archive) -> Path:
    return archive.folder / "backup.pgpass"


def _replication_url(server: PostgresServer, archive: Archive) -> str:
    return server.url("postgres", REPLICATION).partition("passfile=")[0] + f"passfile={_password_file(archive)}"
