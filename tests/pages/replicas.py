"""Several processes of the pages behind one address, as a load balancer has them: it forwards bytes and reads none."""

from __future__ import annotations

import contextlib
import random
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.local import health, ports
from deploy.local.child import environment
from deploy.local.configuration import to_toml
from deploy.local.layout import PROJECT
from tests.support.town import Town

_WEB = "gateway.web"
_PATIENCE_SECONDS = 60.0
_PIECE_BYTES = 65536
_QUIET_SECONDS = 0.2


@dataclass
class OneAddress:
    """An address before several processes; who leads takes every new connection."""

    listener: socket.socket
    behind: list[int] = field(default_factory=list)
    leads: int = 0
    moved_at: float = 0.0
    """When a byte was last forwarded, by the monotonic clock."""
    _open: list[socket.socket] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def origin(self) -> str:
        """What browsers call it."""
        return f"https://localhost:{self.listener.getsockname()[1]}"

    def hand_over(self) -> None:
        """Let the next process lead, and end every connection: the browser's next request is the other one's."""
        # Not in the middle of an answer: a process that ends drains too.
        while time.monotonic() - self.moved_at < _QUIET_SECONDS:
            time.sleep(0.02)
        with self._lock:
            self.leads = (self.leads + 1) % len(self.behind)
            ended, self._open = self._open, []
        _end(ended)

    def serve(self) -> None:
        """Take connections until the listener is closed."""
        while True:
            try:
                came, _ = self.listener.accept()
            except OSError:
                return
            with self._lock:
                port = self.behind[self.leads]
            try:
                onward = socket.create_connection(("127.0.0.1", port))
            except OSError:
                came.close()
                continue
            with self._lock:
                self._open += [came, onward]
            for source, sink in ((came, onward), (onward, came)):
                threading.Thread(target=self._copy, args=(source, sink), daemon=True).start()

    def close(self) -> None:
        """Take no more, and end what is open."""
        # To close alone would leave the thread waiting in `accept`.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        _end(self._open)

    def _copy(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(_PIECE_BYTES):
                self.moved_at = time.monotonic()
                sink.sendall(piece)
        _end([source, sink])


@contextlib.contextmanager
def two_replicas(town: Town, folder: Path, settings: Mapping[str, Any] | None = None) -> Iterator[OneAddress]:
    """Yield one address before two processes with the same secrets; `settings` are the second one's own."""
    address = OneAddress(socket.create_server(("127.0.0.1", _free_port())))
    thread = threading.Thread(target=address.serve, daemon=True)
    thread.start()
    with contextlib.ExitStack() as running:
        running.callback(address.close)
        for place, own in enumerate(({}, settings or {})):
            values = {**town.suite.config(_WEB), "origin": address.origin, **own}
            address.behind.append(running.enter_context(_replica(folder / f"replica-{place}", values)))
        yield address


@contextlib.contextmanager
def _replica(folder: Path, settings: Mapping[str, Any]) -> Iterator[int]:
    folder.mkdir(parents=True)
    port, health_port = _free_port(), _free_port()
    path = folder / "gateway.web.toml"
    own = {"port": port, "health_port": health_port, "telemetry_dir": str(folder / "telemetry")}
    path.write_text(to_toml({**settings, **own}), "utf-8")
    path.chmod(0o600)
    with (folder / "log").open("wb") as log:
        running = subprocess.Popen(
            [sys.executable, "-m", _WEB, "serve", "--config", str(path)],
            env=environment(),
            cwd=PROJECT,
            stdout=log,
            stderr=log,
        )
        try:
            due_at = time.monotonic() + _PATIENCE_SECONDS
            while not health.is_serving(health_port):
                assert running.poll() is None, (folder / "log").read_text("utf-8")
                assert time.monotonic() < due_at, (folder / "log").read_text("utf-8")
                time.sleep(0.05)
            yield port
        finally:
            running.terminate()
            running.wait(_PATIENCE_SECONDS)


def _free_port() -> int:
    # Below the range of outgoing connections, so that none takes it before its process does.
    return next(port for port in iter(lambda: random.randint(ports.LOWEST, ports.HIGHEST), None) if ports.is_free(port))


def _end(sockets: list[socket.socket]) -> None:
    for one in sockets:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()
