"""A line to a database that can be cut as a network cuts it: nothing is closed, and nothing arrives any more."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, quote, urlencode, urlsplit, urlunsplit

_AT_ONCE = 65_536
_PORT = 5432


class CutLine:
    """A relay on 127.0.0.1 to a PostgreSQL that listens on a socket of this machine."""

    def __init__(self, url: str) -> None:
        self._parts = urlsplit(url)
        self._query = {name: values[0] for name, values in parse_qs(self._parts.query).items()}
        self._target = Path(self._query["host"]) / f".s.PGSQL.{self._query['port']}"
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._whole = threading.Event()
        self._whole.set()
        self._over = threading.Event()
        self._held: list[socket.socket] = []

    @property
    def url(self) -> str:
        """The address of the same database over this line."""
        query = {**self._query, "host": "127.0.0.1", "port": str(self._listening.getsockname()[1])}
        return urlunsplit(self._parts._replace(query=urlencode(query, quote_via=quote, safe="/")))

    def cut(self) -> None:
        """Let nothing pass, in any direction, on any connection, old or new."""
        self._whole.clear()

    def mend(self) -> None:
        """Let everything pass that comes from now on; what was under way arrives late."""
        self._whole.set()

    def __enter__(self) -> Self:
        """Return this line, open."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close everything."""
        self._over.set()
        self._whole.set()
        for one in (self._listening, *self._held):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                near, _ = self._listening.accept()
            except OSError:
                return
            self._held.append(near)
            if not self._whole.is_set():
                # Taken by the network, as it were, and never answered.
                continue
            far = socket.socket(socket.AF_UNIX)
            try:
                far.connect(str(self._target))
            except OSError:
                near.close()
                continue
            self._held.append(far)
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self._pass_on, args=(one, other), daemon=True).start()

    def _pass_on(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while content := one.recv(_AT_ONCE):
                self._whole.wait()
                other.sendall(content)
        if self._whole.is_set():
            with suppress(OSError):
                other.shutdown(socket.SHUT_WR)
