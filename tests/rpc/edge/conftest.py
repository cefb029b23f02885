"""A running edge between a real client and two fakes behind it, over mutual TLS on the loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from contactpoint.identity.v1 import identity_service_pb2_grpc as identity_rpc

from gateway.edge.authorise import RemoteAuthorise
from gateway.edge.forward import AnyMethod, Count, Forward
from gateway.edge.grid import AnswerGrid
from gateway.edge.interceptors import edge_interceptors
from gateway.edge.onward import OnwardChannel
from services.runtime.access import whole_table
from services.runtime.certificates import WatchedCertificates
from services.runtime.channels import open_channels
from services.runtime.clock import SystemClock
from services.runtime.interceptors.error_boundary import ErrorBoundary
from services.runtime.peers import peer_of
from services.runtime.server import RunningServer, ServerSettings, service_interceptors, start
from services.runtime.telemetry import Telemetry
from tests.fakes.edge import FakeIdentity, FakeOwner, echo
from tests.support.acts import SigningKey
from tests.support.pki import Authority, Issued

SEARCH = "/contactpoint.directory.v1.DirectoryService/SearchChildren"
OPEN = "/contactpoint.directory.v1.DirectoryService/OpenRecord"
PROVIDERS = "/contactpoint.directory.v1.ProviderService/ListProviders"
SUPPLY = "/contactpoint.directory.v1.SupplyService/SupplyRows"
SIGN_IN = "/contactpoint.identity.v1.SignInService/SignIn"
SHIELD = "/contactpoint.shielding.v1.ShieldingService/RequestShield"
INTERNAL = "/contactpoint.audit.ledger.v1.LedgerService/EnterLook"
UNLISTED = "/contactpoint.directory.v1.DirectoryService/DumpEverything"
SESSION = "s" * 43
OTHER_SESSION = "t" * 43


def not_counted(session: str, channel: str) -> None:
    """Let everyone call as often as they like."""


def settings(process: str, *, workers: int = 16) -> ServerSettings:
    return ServerSettings(
        process=process,
        host="127.0.0.1",
        port=0,
        health_port=0,
        workers=workers,
        waiting=64,
        drain_seconds=0.2,
        connection_age_seconds=60,
    )


@dataclass
class EdgeStack:
    """A running edge, the fakes behind it, and the certificates before it."""

    authority: Authority
    identity: FakeIdentity
    owner: FakeOwner
    running: RunningServer
    web: Issued
    behind: dict[str, RunningServer]
    _opened: list[grpc.Channel] = field(default_factory=list)

    def channel(self, issued: Issued | None = None, *, without_certificate: bool = False) -> grpc.Channel:
        """Return a channel with the certificate of `issued` (the web gateway's)."""
        files = (issued or self.web).files
        pair = (None, None) if without_certificate else (files.private_key.read_bytes(), files.certificate.read_bytes())
        credentials = grpc.ssl_channel_credentials(self.authority.ca.read_bytes(), *pair)
        options = [
            ("grpc.ssl_target_name_override", "gateway-edge.contactpoint.internal"),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        channel = grpc.secure_channel(f"127.0.0.1:{self.running.port}", credentials, options=options)
        self._opened.append(channel)
        return channel

    def raw(
        self,
        method: str,
        request: bytes = b"",
        *,
        session: str | None = SESSION,
        metadata: Sequence[tuple[str, str]] = (),
        issued: Issued | None = None,
        timeout: float = 5,
    ) -> bytes:
        """Return the bytes of the answer to the bytes of a request."""
        own = () if session is None else (("authorization", f"Bearer {session}"),)
        call = self.channel(issued).unary_unary(method, None, None)
        answer: bytes = call(request, timeout=timeout, metadata=(*own, *metadata))
        return answer

    def reset(self) -> None:
        """Let the fakes forget what they saw, and behave."""
        self.identity.asked, self.identity.instead = [], None
        self.identity.permissions = {SESSION: {"record.search", "record.open", "shield.request"}}
        self.owner.arrived, self.owner.answer = [], echo

    def close(self) -> None:
        for channel in self._opened:
            channel.close()
        self.running.stop()


StartEdge = Callable[..., EdgeStack]


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("edge-pki"))


@pytest.fixture
def start_edge(authority: Authority) -> Iterator[StartEdge]:
    """Yield what starts an edge of a test's own, to be broken; all are stopped at the end."""
    with starting(authority) as start_one:
        yield start_one


@contextmanager
def starting(authority: Authority) -> Iterator[StartEdge]:
    """Yield what starts an edge with fakes behind it; all are stopped at the end of the block."""
    with ExitStack() as stack:

        def started(
            *, count: Count = not_counted, grid: AnswerGrid | None = None, telemetry: Telemetry | None = None
        ) -> EdgeStack:
            table, telemetry = whole_table(), telemetry or Telemetry.nothing()
            identity, owner = FakeIdentity(), FakeOwner()
            certificates = {
                name: WatchedCertificates(authority.process(name).files)
                for name in ("identity", "directory", "gateway.edge")
            }
            behind = {
                "identity": start(
                    lambda server: identity_rpc.add_AuthorisationServiceServicer_to_server(identity, server),
                    settings=settings("identity"),
                    certificates=certificates["identity"],
                    interceptors=service_interceptors(
                        process="identity",
                        environment="synthetic",
                        table=table,
                        keys=SigningKey(),
                        clock=SystemClock(),
                        telemetry=telemetry,
                    ),
                    table=table,
                ),
                "directory": start(
                    lambda server: server.add_generic_rpc_handlers((owner,)),
                    settings=settings("directory"),
                    certificates=certificates["directory"],
                    interceptors=[ErrorBoundary(process="directory")],
                    table=None,
                ),
            }
            for server in behind.values():
                stack.callback(server.stop)
            peers = {name: f"127.0.0.1:{server.port}" for name, server in behind.items()}
            channels = stack.enter_context(open_channels(peers, certificates["gateway.edge"], forward_errors=True))
            onward: dict[str, Any] = {"directory": OnwardChannel(channels["directory"])}
            # Methods of identity's own that need no session go to it too; here one owner plays every process.
            onward["identity"] = onward["shielding"] = onward["audit.review"] = onward["directory"]
            forward = Forward(
                table=table,
                authorise=RemoteAuthorise(channels["identity"]),
                onward=onward,
                count=count,
                grid=grid or AnswerGrid(seconds=0),
            )
            handler = AnyMethod(forward, lambda context: peer_of(context.auth_context(), environment="synthetic"))
            running = start(
                lambda server: server.add_generic_rpc_handlers((handler,)),
                settings=settings("gateway.edge"),
                certificates=certificates["gateway.edge"],
                interceptors=edge_interceptors(table, telemetry, environment="synthetic"),
                table=None,
            )
            made = EdgeStack(authority, identity, owner, running, authority.process("gateway.web"), behind)
            made.reset()
            stack.callback(made.close)
            return made

        yield started


@pytest.fixture(scope="module")
def shared_edge(authority: Authority) -> Iterator[EdgeStack]:
    with starting(authority) as start_one:
        yield start_one()


@pytest.fixture
def edge(shared_edge: EdgeStack) -> EdgeStack:
    """Return a running edge that others use too: nothing of it may be stopped."""
    shared_edge.reset()
    return shared_edge


@pytest.fixture
def pki(tmp_path: Path) -> Authority:
    """Return an authority that the edge does not trust."""
    return Authority(tmp_path / "other")
