"""Somebody else's site: a real HTTPS server whose pages try to learn whether their visitor is signed in to ours."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

# A site of its own, and one that differs from ours by its port alone: to the second the browser sends our cookies.
STRANGER = "stranger.test"
NEIGHBOUR = "localhost"

_PAGE = b"<!doctype html><html lang=en><title>Elsewhere</title><h1>Elsewhere</h1><div id=here></div>"


@dataclass(frozen=True)
class Elsewhere:
    """The other site, under both of its names."""

    port: int
    authority: Path

    @property
    def origins(self) -> dict[str, str]:
        """Return its origins by what they are to us."""
        return {
            "another site": f"https://{STRANGER}:{self.port}",
            "another port of our host": f"https://{NEIGHBOUR}:{self.port}",
        }


class _Answering(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name is the library's
        pass


@contextmanager
def served(folder: Path) -> Iterator[Elsewhere]:
    """Yield the site, served until the end of the block, under an authority of its own."""
    authority = trustme.CA()
    path = folder / "elsewhere.pem"
    authority.cert_pem.write_to_path(str(path))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(STRANGER, NEIGHBOUR).configure_cert(context)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answering)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield Elsewhere(server.server_port, path)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
