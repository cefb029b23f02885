"""Where everything of one deployment lies."""

import hashlib
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from deploy.local import private_files
from deploy.local.fault import Fault

PROJECT = Path(__file__).resolve().parents[2]

#: The kernel keeps 108 bytes for a socket's path, the last of them a zero (unix(7)).
SOCKET_PATH_BYTES = 107
_LONGEST_SOCKET_NAME = len("/pg.audit.ledger/.s.PGSQL.5432.lock")
_FORMAT = 1


@dataclass(frozen=True)
class Layout:
    """The folders and files below one root."""

    root: Path

    @property
    def marker(self) -> Path:
        """Says that the folder is ours, and in which format."""
        return self.root / "contactpoint.json"

    @property
    def plan(self) -> Path:
        """Which processes run here, and with which settings."""
        return self.root / "plan.json"

    @property
    def overrides(self) -> Path:
        """Settings changed after the plan was made."""
        return self.root / "overrides.json"

    @property
    def endpoints(self) -> Path:
        """What a client needs to speak to the suite."""
        return self.root / "endpoints.json"

    @property
    def ports(self) -> Path:
        """The ports chosen for this root."""
        return self.root / "ports.json"

    @property
    def secrets(self) -> Path:
        """Root secrets and database passwords."""
        return self.root / "secrets"

    @property
    def authority(self) -> Path:
        """The local certificate authority."""
        return self.root / "ca"

    @property
    def certificates(self) -> Path:
        """A certificate and a key for each process; below it `systems` for organisations and systems."""
        return self.root / "certificates"

    @property
    def configuration(self) -> Path:
        """One TOML file for each process, and one more for its migrations."""
        return self.root / "config"

    @property
    def logs(self) -> Path:
        """What the processes print."""
        return self.root / "logs"

    @property
    def telemetry(self) -> Path:
        """Spans and metrics as JSON lines."""
        return self.root / "telemetry"

    @property
    def mail(self) -> Path:
        """Mails as files."""
        return self.root / "mail"

    @property
    def published_log(self) -> Path:
        """The public files of the audit log."""
        return self.root / "log"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data."""
        return self.root / "postgres"

    @property
    def demo(self) -> Path:
        """The demonstration's own deployment."""
        return self.root / "demo"

    @property
    def lock(self) -> Path:
        """Held by the supervisor for as long as it lives."""
        return self.root / "supervisor.lock"

    @property
    def state(self) -> Path:
        """Which operating-system processes the supervisor has started."""
        return self.root / "state.json"

    @cached_property
    def sockets(self) -> Path:
        """A private folder whose path is short enough for unix sockets."""
        inside = self.root / "run"
        if len(os.fsencode(inside)) + _LONGEST_SOCKET_NAME <= SOCKET_PATH_BYTES:
            return private_files.folder(inside)
        shared = shared_folder()
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        if len(os.fsencode(shared)) + 1 + len(digest) + _LONGEST_SOCKET_NAME > SOCKET_PATH_BYTES:
            msg = f"The path of the temporary folder {shared} is too long for sockets. Set TMPDIR to a shorter one."
            raise Fault(msg)
        return private_files.folder(shared / digest)

    def prepare(self) -> None:
        """Make the folders; refuse a folder that holds something else, or another format.

        Raises Fault. What an interrupted set-up left behind is completed, never started over.
        """
        if self.root.is_dir() and not self.marker.exists():
            strangers = sorted({entry.name for entry in self.root.iterdir()} - self._own_names())
            if strangers:
                msg = (
                    f"{self.root} holds files that are not a deployment's ({', '.join(strangers[:3])}). "
                    "Move them, or choose another folder with --root."
                )
                raise Fault(msg)
        private_files.folder(self.root)
        if self.marker.exists():
            made = private_files.read_json(self.marker).get("format")
            if made != _FORMAT:
                msg = f"{self.root} has format {made}, this release uses {_FORMAT}: `python -m deploy.local reset`."
                raise Fault(msg)
        else:
            private_files.write_json(self.marker, {"format": _FORMAT})
        private_files.write(self.root / ".gitignore", b"*\n")
        for path in (
            self.secrets,
            self.authority,
            self.certificates,
            self.certificates / "systems",
            self.configuration,
            self.logs,
            self.telemetry,
            self.mail,
            self.published_log,
            self.postgres,
        ):
            private_files.folder(path)

    def remove(self) -> None:
        """Remove all that a deployment makes here, and nothing else; the marker goes last."""
        if not self.sockets.is_relative_to(self.root):
            shutil.rmtree(self.sockets, ignore_errors=True)
        for name in sorted(self._own_names() - {self.marker.name, self.demo.name}):
            path = self.root / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        self.marker.unlink()
        with suppress(OSError):
            self.root.rmdir()

    def _own_names(self) -> set[str]:
        names = {name for name, value in vars(type(self)).items() if isinstance(value, property)}
        return {getattr(self, name).name for name in names} | {"run", ".gitignore", "endpoints.lock"}


def shared_folder() -> Path:
    """Return this user's private folder in the system's temporary folder.

    Anybody may make files there, so a folder that is a link, another's or open to others is refused with a Fault.
    """
    path = Path(tempfile.gettempdir()) / f"contactpoint-{os.geteuid()}"
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o066:
        msg = f"{path} is not a private folder of this user. Remove it, or set TMPDIR."
        raise Fault(msg)
    return path
