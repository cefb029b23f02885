"""A server of nothing but echoes, over real mutual TLS, with a table made by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from services.runtime.access import AccessTable, Assurance, Audit, Exposure, MethodAccess
from services.runtime.call_rates import CallRate
from services.runtime.caller import current_caller
from services.runtime.certificates import WatchedCertificates
from services.runtime.clock import SystemClock
from services.runtime.server import RunningServer, ServerSettings, service_interceptors, start
from services.runtime.telemetry import Telemetry
from tests.support.acts import SigningKey, an_act
from tests.support.pki import Authority, Issued

PROCESS = "directory"
EXPOSED = "/contactpoint.directory.v1.EchoService/Echo"
ON_TOUCH = "/contactpoint.directory.v1.EchoService/EchoOnTouch"
SUPPLIED = "/contactpoint.directory.v1.EchoService/EchoSupplied"
OPEN = "/contactpoint.directory.v1.EchoService/EchoOpen"
INTERNAL = "/contactpoint.directory.v1.EchoService/EchoProcess"
ONWARD = "/contactpoint.directory.v1.EchoService/EchoOnward"
CAUSING = "/contactpoint.shielding.v1.CauseService/Cause"
NOT_CAUSING = "/contactpoint.shielding.v1.CauseService/Other"
UNARY_STREAM = "/contactpoint.directory.v1.EchoService/EchoUnaryStream"
STREAM_UNARY = "/contactpoint.directory.v1.EchoService/EchoStreamUnary"
STREAM_STREAM = "/contactpoint.directory.v1.EchoService/EchoStreamStream"


def said(full_name: str, **changed: Any) -> MethodAccess:
    """Return what an echo method says of itself."""
    process = full_name.split(".")[1]
    defaults = {"process": process, "audit": Audit.NOT_NEEDED, "assurance": Assurance.NONE, "exposure": Exposure.EDGE}
    return MethodAccess(full_name=full_name, **{**defaults, **changed})


TABLE = AccessTable(
    [
        said(EXPOSED, assurance=Assurance.TWO_FACTOR, permission="record.open"),
        said(ON_TOUCH, assurance=Assurance.KEY_ON_ACT, permission="record.open"),
        said(SUPPLIED, assurance=Assurance.SYSTEM),
        said(OPEN),
        said(
            INTERNAL,
            assurance=Assurance.PROCESS,
            exposure=Exposure.INTERNAL,
            callers=frozenset({"audit.review", "shielding"}),
        ),
        said(ONWARD, assurance=Assurance.INHERITED, exposure=Exposure.INTERNAL, callers=frozenset({"shielding"})),
        said(CAUSING, assurance=Assurance.TWO_FACTOR, permission="shield.request", causes=frozenset({ONWARD})),
        said(NOT_CAUSING, assurance=Assurance.TWO_FACTOR, permission="shield.request"),
        said(UNARY_STREAM),
        said(STREAM_UNARY),
        said(STREAM_STREAM),
    ]
)

Echo = Callable[[StringValue], StringValue]


def as_it_came(request: StringValue) -> StringValue:
    """Answer with the request, having seen who calls."""
    assert current_caller().method
    return request


@dataclass
class Stack:
    """One running echo server and what is needed to call it."""

    authority: Authority
    keys: SigningKey
    running: RunningServer
    edge: Issued
    server: Issued
    _opened: list[grpc.Channel] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.running.port}"

    def channel(self, issued: Issued | None = None) -> grpc.Channel:
        """Return a plain gRPC channel with the certificate of `issued` (the edge's)."""
        files = (issued or self.edge).files
        credentials = grpc.ssl_channel_credentials(
            self.authority.ca.read_bytes(), files.private_key.read_bytes(), files.certificate.read_bytes()
        )
        options = [
            ("grpc.ssl_target_name_override", f"{PROCESS}.contactpoint.internal"),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        channel = grpc.secure_channel(self.address, credentials, options=options)
        self._opened.append(channel)
        return channel

    def raw(
        self,
        method: str,
        request: bytes,
        *metadata: tuple[str, str],
        issued: Issued | None = None,
        timeout: float | None = 3,
    ) -> bytes:
        """Return the bytes of the answer to the bytes of a request."""
        call = self.channel(issued).unary_unary(method, None, None)
        answer: bytes = call(request, timeout=timeout, metadata=metadata)
        return answer

    def token(self, request: bytes, **changed: Any) -> tuple[str, str]:
        """Return the metadata of a good token for EXPOSED from the edge, with some claims changed."""
        claims = {"aud": PROCESS, "mth": EXPOSED, "cnf": self.edge.thumbprint, **changed}
        return ("contactpoint-act", self.keys.sign(an_act(request, **claims)))

    def echo(self, text: str = "hello", **changed: Any) -> str:
        """Call EXPOSED from the edge with a good token, and return the answer's text."""
        request = StringValue(value=text).SerializeToString()
        return StringValue.FromString(self.raw(EXPOSED, request, self.token(request, **changed))).value

    def close(self) -> None:
        for channel in self._opened:
            channel.close()
        self.running.stop()


def register(echo: Echo) -> Callable[[grpc.Server], None]:
    """Return what registers `echo` under every method of the table, in the shape its name says."""

    def add(server: grpc.Server) -> None:
        shape = {
            UNARY_STREAM: grpc.unary_stream_rpc_method_handler(
                lambda one, _: iter([echo(one), echo(one)]), parse, write
            ),
            STREAM_UNARY: grpc.stream_unary_rpc_method_handler(lambda many, _: echo([*many][-1]), parse, write),
            STREAM_STREAM: grpc.stream_stream_rpc_method_handler(lambda many, _: map(echo, many), parse, write),
        }
        handlers = {
            one.full_name.rpartition("/")[2]: shape.get(one.full_name)
            or grpc.unary_unary_rpc_method_handler(lambda request, _: echo(request), parse, write)
            for one in TABLE.of_process(PROCESS)
        }
        server.add_registered_method_handlers("contactpoint.directory.v1.EchoService", handlers)  # type: ignore[attr-defined]

    parse, write = StringValue.FromString, StringValue.SerializeToString
    return add


Start = Callable[..., Stack]


@pytest.fixture
def start_stack(tmp_path: Path) -> Iterator[Start]:
    """Yield what starts an echo server; all are stopped at the end."""
    with ExitStack() as stack:
        authority = Authority(tmp_path / "pki")

        def started(
            echo: Echo = as_it_came,
            *,
            telemetry: Telemetry | None = None,
            workers: int = 4,
            waiting: int = 8,
            drain_seconds: float = 2.0,
            own_pools: dict[str, int] | None = None,
            rates: dict[str, CallRate] | None = None,
            also_until_stopped: Sequence[Any] = (),
            readiness: Any = None,
            server: Issued | None = None,
        ) -> Stack:
            keys = SigningKey()
            server = server or authority.process(PROCESS)
            running = start(
                register(echo),
                settings=ServerSettings(
                    process=PROCESS,
                    host="127.0.0.1",
                    port=0,
                    health_port=0,
                    workers=workers,
                    waiting=waiting,
                    drain_seconds=drain_seconds,
                    connection_age_seconds=60,
                    environment="synthetic",
                    own_pools=own_pools or {},
                    rates=rates or {},
                ),
                certificates=WatchedCertificates(server.files),
                interceptors=service_interceptors(
                    process=PROCESS,
                    environment="synthetic",
                    table=TABLE,
                    keys=keys,
                    clock=SystemClock(),
                    telemetry=telemetry or Telemetry.nothing(),
                ),
                table=TABLE,
                readiness=readiness,
                also_until_stopped=also_until_stopped,
            )
            made = Stack(authority, keys, running, authority.process("gateway.edge"), server)
            stack.callback(made.close)
            return made

        yield started


@pytest.fixture
def stack(start_stack: Start) -> Stack:
    """Return one running echo server."""
    return start_stack()
