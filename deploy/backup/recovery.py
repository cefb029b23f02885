"""A PostgreSQL made from its base backup and archived log: to the last record that there is, or to a moment before."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time

import psycopg
from psycopg import sql

from deploy.backup.archive import Archive
from deploy.backup.reported import run
from deploy.local import private_files, secret_files
from deploy.local.child import tail
from deploy.local.fault import Fault
from deploy.local.postgres import SUPERUSER, PostgresServer, binaries, scram_verifier

_PATIENCE_SECONDS = 120.0


def recover(server: PostgresServer, archive: Archive, *, until: str = "") -> None:
    """Make a server's data from an archive, to a moment or (without one) to the last record, and leave it stopped.

    Raises Fault if the data are there already, the backup is not whole, or the moment is not reached.
    """
    if server.data.exists():
        msg = f"{server.data} is there already. Move it away first: nothing is replaced."
        raise Fault(msg)
    run([binaries() / "pg_verifybackup", "--quiet", archive.base])
    private_files.folder(server.data.parent)
    shutil.copytree(archive.base, server.data)
    server.data.chmod(0o700)
    # Nothing is made, since the data are there: it sees to folders and versions.
    server.initialise()
    server.configure()
    (server.data / "recovery.signal").touch(mode=0o600)
    rules = server.data.with_name("recovery.hba")
    # The superuser's password of the lost machine is lost with it; the socket lies in a folder of ours alone.
    private_files.write(rules, b"local all all trust\n")
    log = server.data.with_name("recovery.log")
    settings = {
        "restore_command": archive.restore_command(),
        "hba_file": str(rules),
        "recovery_target_action": "promote",
        "archive_mode": "off",
        **({"recovery_target_time": until} if until else {}),
    }
    command = [*server.command(), *(f"--{name.replace('_', '-')}={value}" for name, value in settings.items())]
    with log.open("wb") as out:
        running = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env={"PATH": os.defpath}, cwd="/"
        )
    try:
        _await_promotion(server, running)
        _own_again(server)
    except Fault as fault:
        msg = f"{fault} ({log}):\n{tail(log)}"
        raise Fault(msg) from None
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(_PATIENCE_SECONDS)
        rules.unlink()


def _await_promotion(server: PostgresServer, running: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            with server.connect() as connection:
                row = connection.execute("SELECT pg_is_in_recovery()").fetchone()
                if row is not None and not row[0]:
                    return
        except psycopg.OperationalError:
            pass
        if running.poll() is not None:
            raise Fault(f"The recovery of {server.name} ended at once")
        if time.monotonic() > end:
            raise Fault(f"{server.name} was not recovered in {_PATIENCE_SECONDS:.0f} s")
        time.sleep(0.05)


def _own_again(server: PostgresServer) -> None:
    """Give the superuser the password of this deployment; those of our roles are set when the suite starts."""
    password, _ = secret_files.password(server.layout, f"{SUPERUSER}.{server.name}")
    with server.connect() as connection:
        connection.execute(
            sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                sql.Identifier(SUPERUSER), sql.Literal(scram_verifier(connection, SUPERUSER, password))
            )
        )
