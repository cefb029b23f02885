"""Listens for browsers: TLS with a certificate that can be replaced, bounded connections, heads in time, a drain."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol, RequestResponseCycle

from gateway.web.config import WebConfig
from gateway.web.probes import Probes
from services.runtime.certificates import CertificateFiles, WatchedCertificates
from services.runtime.health_server import PortTaken

log = logging.getLogger(__name__)

_LARGEST_HEAD_BYTES = 32 * 1024
_IDLE_CONNECTION_SECONDS = 15
_HANDSHAKE_SECONDS = 5.0
_CERTIFICATE_LOOK_SECONDS = 1.0
_BACKLOG = 256
_AFTER_A_FAILED_ACCEPT_SECONDS = 0.1
# Two and a half times what is on its way at 1.6 Mbit/s and 400 ms.
_LARGEST_UNTAKEN_BYTES = 200 * 1024


class BoundedProtocol(H11Protocol):
    """HTTP/1.1 that bounds how long a head, or an answer, may be on its way."""

    head_arrives_within_seconds = 10.0
    answer_taken_within_seconds = 30.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as its base has it
        """Take a connection."""
        super().connection_made(transport)
        self._head_due: asyncio.TimerHandle | None = None
        self._answer_due: asyncio.TimerHandle | None = None
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Take what came; a head that is begun has to be finished in time."""
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:
            self._head_came()
        elif self._head_due is None and self._is_between_requests():
            self._await_head()

    def pause_writing(self) -> None:
        """Wait for a client to take what was written, but not for ever: who asks and never reads would hold us."""
        super().pause_writing()
        self._answer_due = self.loop.call_later(self.answer_taken_within_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Write on."""
        self._answer_was_taken()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._head_came()
        self._answer_was_taken()
        super().connection_lost(exc)

    def _is_between_requests(self) -> bool:
        found: RequestResponseCycle | None = self.cycle
        return found is None or found.response_complete

    def _await_head(self) -> None:
        self._head_due = self.loop.call_later(self.head_arrives_within_seconds, self._too_slow)

    def _head_came(self) -> None:
        if self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _answer_was_taken(self) -> None:
        if self._answer_due is not None:
            self._answer_due.cancel()
            self._answer_due = None

    def _too_slow(self) -> None:
        self._head_due = None
        self.transport.abort()


class BrowserServer(uvicorn.Server):
    """uvicorn's server, which takes so many connections, whose certificate can be replaced, and that ends with code 0.

    Connections are counted before their handshake: each costs 300 KB from then on, and nobody has to say a word for it.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        *,
        most_connections: int,
        certificates: WatchedCertificates,
        files: tuple[Path, Path],
    ) -> None:
        super().__init__(config)
        self._most_connections = most_connections
        self._certificates = certificates
        self._files = files
        self._handshakes: set[asyncio.Task[None]] = set()
        self._working: list[asyncio.Task[None]] = []
        self.when_listening: Callable[[int], None] = lambda _port: None
        self.when_stopping: Callable[[], None] = lambda: None

    async def startup(self, sockets: list[Any] | None = None) -> None:  # noqa: ARG002  # uvicorn's signature
        """Listen; raises PortTaken."""
        await self.lifespan.startup()
        config = self.config
        context = config.ssl
        if context is None:
            raise AssertionError("browsers are answered over TLS only")
        try:
            family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
            listener = socket.create_server((config.host, config.port), family=family, backlog=_BACKLOG)
        except OSError:
            address = f"{config.host}:{config.port}"
            raise PortTaken(
                f"cannot listen on {address}: another process has it, or it is not this machine's"
            ) from None
        listener.settimeout(0)
        # Else the kernel holds megabytes for each client that asks and does not read.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _LARGEST_UNTAKEN_BYTES)
        self.servers = []
        self._working = [asyncio.create_task(self._take(listener, context)), asyncio.create_task(self._watch(context))]
        self.started = True
        self.when_listening(listener.getsockname()[1])

    async def shutdown(self, sockets: list[Any] | None = None) -> None:
        """Take no new connection, and finish what is being answered."""
        self.when_stopping()
        for task in (*self._working, *self._handshakes):
            task.cancel()
        await super().shutdown(sockets)

    async def _take(self, listener: socket.socket, context: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                try:
                    taken, _ = await loop.sock_accept(listener)
                except OSError:
                    # It went away meanwhile, or this process has no descriptor left.
                    await asyncio.sleep(_AFTER_A_FAILED_ACCEPT_SECONDS)
                    continue
                if len(self._handshakes) + len(self.server_state.connections) >= self._most_connections:
                    taken.close()
                    continue
                task = loop.create_task(self._shake_hands(taken, context))
                self._handshakes.add(task)
                task.add_done_callback(self._handshakes.discard)

    async def _shake_hands(self, taken: socket.socket, context: ssl.SSLContext) -> None:
        # What is no TLS, or breaks off, is nobody's fault here, and its text is what a stranger sent.
        with contextlib.suppress(OSError):
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: BoundedProtocol(config=self.config, server_state=self.server_state, app_state={}),
                taken,
                ssl=context,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=_HANDSHAKE_SECONDS,
            )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at SIGTERM and SIGINT, and let nothing remain of the signal: the exit code says how it ended."""

        def tell(_number: int, _frame: FrameType | None) -> None:
            self.should_exit = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, tell)
        yield

    async def _watch(self, context: ssl.SSLContext) -> None:
        version, _ = self._certificates.current()
        while True:
            await asyncio.sleep(_CERTIFICATE_LOOK_SECONDS)
            newest, _ = self._certificates.current()
            if newest != version:
                try:
                    # New connections are made from the context as it is then.
                    context.load_cert_chain(*self._files)
                    version = newest
                except (OSError, ssl.SSLError):
                    log.warning("certificates_not_replaced")


def serve(app: Any, config: WebConfig, probes: Probes) -> int:
    """Serve until SIGTERM or SIGINT, then drain; return the exit code. Prints one line when it listens."""
    files = (config.browser_certificate, config.browser_private_key)
    certificates = WatchedCertificates(CertificateFiles(*files, config.ca))
    # Its loggers quote what clients sent, and a browser's address is nobody's business.
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    BoundedProtocol.head_arrives_within_seconds = config.arrival_seconds
    # An answer is larger than a form, and most of it is the browser's to take in its own time.
    BoundedProtocol.answer_taken_within_seconds = 3 * config.arrival_seconds
    server = BrowserServer(
        uvicorn.Config(
            app,
            host=config.host,
            port=config.port,
            loop="asyncio",
            http=BoundedProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=_IDLE_CONNECTION_SECONDS,
            timeout_graceful_shutdown=max(1, int(config.drain_seconds)),
            h11_max_incomplete_event_size=_LARGEST_HEAD_BYTES,
            ssl_certfile=config.browser_certificate,
            ssl_keyfile=config.browser_private_key,
            ssl_context_factory=lambda made, _default: _context(made),
        ),
        most_connections=config.connections,
        certificates=certificates,
        files=files,
    )

    def listening(port: int) -> None:
        probes.ready()
        print(f"serving {config.process} on {config.host}:{port}", flush=True)  # noqa: T201  # the one line

    server.when_listening = listening
    server.when_stopping = probes.stopping
    server.run()
    return 0


def _context(config: uvicorn.Config) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(str(config.ssl_certfile), str(config.ssl_keyfile))
    return context
