"""Processes of the operating system, told apart even where a number is used again."""

import os
import select
import signal
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FIELD_STATE = 0
_FIELD_START = 19


@dataclass(frozen=True)
class Pid:
    """One process: its number, when it started (ticks since boot), and of which boot."""

    number: int
    start_ticks: int
    boot: str

    @classmethod
    def of(cls, number: int) -> "Pid | None":
        """Return the process that has this number now, None if there is none or it has ended."""
        fields = _fields(number)
        return (
            None if fields is None or fields[_FIELD_STATE] in "ZX" else cls(number, int(fields[_FIELD_START]), _boot())
        )

    def is_alive(self) -> bool:
        """Say whether this very process still runs."""
        return Pid.of(self.number) == self

    def send(self, number: signal.Signals) -> bool:
        """Send a signal to this very process and nobody else; say whether it was there."""
        try:
            descriptor = os.pidfd_open(self.number)
        except ProcessLookupError:
            return False
        try:
            # Asked after the descriptor was opened: from here on it means one process for ever.
            if not self.is_alive():
                return False
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True

    def wait_until_gone(self, seconds: float) -> bool:
        """Wait until it has ended, at most so long; say whether it has."""
        try:
            descriptor = os.pidfd_open(self.number)
        except ProcessLookupError:
            return True
        try:
            if not self.is_alive():
                return True
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(seconds * 1_000))
        finally:
            os.close(descriptor)

    def end(self, *, first: signal.Signals, patience_seconds: float) -> None:
        """Ask it to end, and kill it if it does not."""
        if self.send(first) and not self.wait_until_gone(patience_seconds):
            self.send(signal.SIGKILL)
            self.wait_until_gone(5)


def listener(port: int) -> str:
    """Return whom a loopback port belongs to, as far as this user may see: "python (pid 4711)" or "something else"."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
        inode = next(
            columns[9]
            for columns in map(str.split, lines)
            if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port
        )
        for folder in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                if any(str(link.readlink()) == f"socket:[{inode}]" for link in (folder / "fd").iterdir()):
                    return f"{(folder / 'comm').read_text().strip()} (pid {folder.name})"
    return "something else"


def working_in(folder: Path) -> list[Pid]:
    """Return the processes whose working folder is this one, as a PostgreSQL's all are while they live."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if (process / "cwd").readlink() == folder and (pid := Pid.of(int(process.name))) is not None:
                found.append(pid)
    return found


def _fields(number: int) -> list[str] | None:
    """Return the fields of /proc/<pid>/stat behind the name, which may hold spaces and brackets (proc(5))."""
    try:
        text = Path(f"/proc/{number}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text.rpartition(")")[2].split()


@cache
def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
