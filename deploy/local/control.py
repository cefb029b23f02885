"""How a command speaks to the supervisor: a line of JSON each way, over a socket that only this user reaches."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from deploy.local.layout import Layout

Act = Literal["status", "start", "stop", "restart"]
_LONGEST = 1 << 20


def socket_of(layout: Layout) -> Path:
    """Return where the supervisor listens."""
    return layout.sockets / "control.sock"


def ask(layout: Layout, act: Act, name: str = "", *, seconds: float = 10.0) -> dict[str, Any] | None:
    """Return the supervisor's answer, None if no supervisor answers."""
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(seconds)
            client.connect(str(socket_of(layout)))
            client.sendall(json.dumps({"act": act, "name": name}).encode() + b"\n")
            line = _line(client)
    except OSError:
        return None
    return json.loads(line) if line else None


def answer(client: socket.socket, reply: Callable[[str, str], dict[str, Any]]) -> None:
    """Read one question from `client` and answer it; a caller that is slow or gone is left alone."""
    try:
        with client:
            client.settimeout(1.0)
            question = json.loads(_line(client) or b"{}")
            client.sendall(json.dumps(reply(question.get("act", ""), question.get("name", ""))).encode() + b"\n")
    except (OSError, ValueError):
        return


def listen(layout: Layout) -> socket.socket:
    """Return a listening socket; the one of a supervisor that died is replaced."""
    path = socket_of(layout)
    path.unlink(missing_ok=True)
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(path))
    path.chmod(0o600)
    server.listen(16)
    return server


def _line(connection: socket.socket) -> bytes:
    received = b""
    while not received.endswith(b"\n") and len(received) < _LONGEST:
        chunk = connection.recv(65_536)
        if not chunk:
            break
        received += chunk
    return received
