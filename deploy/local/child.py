"""One child of the supervisor: started, watched, ended."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.layout import PROJECT
from deploy.local.operating_system import Pid

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 10.0
#: Who has run this long did not die of how it was started.
_STEADY_SECONDS = 30.0
_KEPT_LOGS = 3
_TAIL_BYTES = 4_000


@dataclass(kw_only=True)
class Child:
    """A process that is to run (`wanted`), and what is known of its present run.

    `command` is asked at each start and may write the settings that the process will read.
    """

    name: str
    command: Callable[[], list[str]]
    is_ready: Callable[[], bool]
    environment: Mapping[str, str]
    log: Path
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM
    patience_seconds: float = 15.0
    wanted: bool = True
    popen: subprocess.Popen[bytes] | None = field(default=None, init=False)
    pid: Pid | None = field(default=None, init=False)
    descriptor: int | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    start_due_at: float | None = field(default=0.0, init=False)
    kill_due_at: float | None = field(default=None, init=False)
    restarts: int = field(default=0, init=False)
    failures: int = field(default=0, init=False)
    last_exit: int | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it now; its output goes to its log."""
        command = self.command()
        descriptor = os.open(self.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            # A session of its own: a key pressed at the terminal reaches the supervisor alone, which ends all in order.
            self.popen = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=descriptor,
                stderr=descriptor,
                env=dict(self.environment),
                cwd=self.folder,
                start_new_session=True,
            )
        finally:
            os.close(descriptor)
        self.pid = Pid.of(self.popen.pid)
        self.descriptor = os.pidfd_open(self.popen.pid)
        self.started_at = time.monotonic()
        self.start_due_at = None
        self.kill_due_at = None

    def ask_to_end(self) -> None:
        """Send the signal that ends it politely; `kill_due_at` says when patience ends."""
        if self.popen is not None:
            self.popen.send_signal(self.stop_signal)
            self.kill_due_at = time.monotonic() + self.patience_seconds

    def collect(self) -> bool:
        """Take note of its end, if it has ended, and of when it is due again; say whether it has."""
        if self.popen is None or self.popen.poll() is None:
            return False
        self.last_exit = self.popen.returncode
        ran_seconds = time.monotonic() - self.started_at
        was_asked = self.kill_due_at is not None
        self.popen, self.pid, self.kill_due_at = None, None, None
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None
        if not self.wanted:
            return True
        self.restarts += 1
        if was_asked or ran_seconds > _STEADY_SECONDS:
            self.failures = 0
        pause = 0.0 if was_asked else min(_FIRST_PAUSE_SECONDS * 2**self.failures, _LONGEST_PAUSE_SECONDS)
        self.failures += 0 if was_asked else 1
        self.start_due_at = time.monotonic() + pause
        return True

    def rotate_log(self) -> None:
        """Put the log of the last run aside; the three latest are kept."""
        for number in range(_KEPT_LOGS, 0, -1):
            older = self.log.with_name(f"{self.log.name}.{number}")
            newer = self.log if number == 1 else self.log.with_name(f"{self.log.name}.{number - 1}")
            if newer.exists():
                newer.replace(older)

    def last_words(self) -> str:
        """Return the last lines of its log."""
        return tail(self.log)


def tail(log: Path, lines: int = 12) -> str:
    """Return the last lines of a log, indented."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL_BYTES))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return "    (no log)"
    return "\n".join(f"    {line}" for line in text.splitlines()[-lines:]) or "    (the log is empty)"


def environment() -> dict[str, str]:
    """Return all that our processes find in their environment: no secret, and nothing of whoever started them."""
    return {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "PYTHONPATH": f"{PROJECT}{os.pathsep}{PROJECT / 'gen'}",
        "PYTHONUNBUFFERED": "1",
    }
