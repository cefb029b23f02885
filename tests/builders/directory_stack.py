"""The directory's RPCs over real mutual TLS, its client speaking to a fake ledger behind the ledger's own contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from contactpoint.directory.v1 import directory_service_pb2_grpc as rpc
from google.protobuf.message import Message

from services.directory.clients.ledger import RemoteLedger, RemoteSettlements
from services.directory.rpc import DirectoryServicer, ProviderServicer, SupplyServicer
from services.runtime.access import whole_table
from services.runtime.caller import current_caller
from services.runtime.certificates import WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.clock import SystemClock
from services.runtime.errors import every_error
from services.runtime.receipts import ReceiptGuard
from services.runtime.server import RunningServer, ServerSettings, service_interceptors, start
from services.runtime.telemetry import Telemetry
from tests.builders.directory import Person, Supplier, World
from tests.fakes import ledger_servicer
from tests.fakes.directory_ledger import FakeLedger
from tests.support.acts import SigningKey
from tests.support.pki import Authority, Issued


class KeptReceipt:
    """Keeps runtime.receipts.NewestReceipt."""

    def __init__(self) -> None:
        self.index = -1

    def load(self) -> int:
        return self.index

    def keep(self, index: int) -> None:
        self.index = max(self.index, index)


@dataclass(frozen=True)
class Remote:
    """The directory's clients of a fake ledger that listens."""

    fake: FakeLedger
    ledger: RemoteLedger
    settlements: RemoteSettlements
    guard: ReceiptGuard
    keys: SigningKey
    authority: Authority


@contextmanager
def remote_ledger(folder: Path) -> Iterator[Remote]:
    """Yield clients of a fake ledger that serves under the ledger's name."""
    with ExitStack() as stack:
        authority, keys, fake = Authority(folder), SigningKey(), FakeLedger()
        running = stack.enter_context(
            _started(
                "audit.ledger",
                authority.process("audit.ledger"),
                lambda server: ledger_servicer.register(fake, server),
                keys,
            )
        )
        channel = stack.enter_context(
            PeerChannel(
                process="audit.ledger",
                address=f"127.0.0.1:{running.port}",
                certificates=WatchedCertificates(authority.process("directory").files),
                # A directory process has imported no other service's errors; a test session may have.
                known_errors=[error for error in every_error() if error.__module__ == "services.directory.errors"],
            )
        )
        guard = ReceiptGuard(KeptReceipt())
        yield Remote(fake, RemoteLedger(channel, guard), RemoteSettlements(channel, guard), guard, keys, authority)


@dataclass(frozen=True)
class Stack:
    """A directory that listens, and who calls it."""

    world: World
    remote: Remote
    running: RunningServer
    edge: Issued
    channel: grpc.Channel

    def call(self, who: Person | Supplier, service: str, method: str, request: Message) -> Any:
        """Return the answer to one call of `who`, forwarded by the edge with a token for these bytes."""
        stub = getattr(rpc, f"{service}Stub")(self.channel)
        content = request.SerializeToString()
        act = who.call(method, content, service, cnf=self.edge.thumbprint).act
        assert act is not None
        token = self.remote.keys.sign(act)
        return getattr(stub, method)(request, timeout=5, metadata=(("contactpoint-act", token),))


@contextmanager
def directory_stack(folder: Path) -> Iterator[Stack]:
    """Yield a directory over real channels and fakes of storage."""
    with ExitStack() as stack:
        remote = stack.enter_context(remote_ledger(folder))
        world = World(remote.fake, entering=remote.ledger, settling=remote.settlements)
        servicers = servicers_of(world)

        def register(server: grpc.Server) -> None:
            rpc.add_DirectoryServiceServicer_to_server(servicers[0], server)
            rpc.add_ProviderServiceServicer_to_server(servicers[1], server)
            rpc.add_SupplyServiceServicer_to_server(servicers[2], server)

        running = stack.enter_context(
            _started("directory", remote.authority.process("directory", name="served"), register, remote.keys)
        )
        edge = remote.authority.process("gateway.edge")
        credentials = grpc.ssl_channel_credentials(
            remote.authority.ca.read_bytes(), edge.files.private_key.read_bytes(), edge.files.certificate.read_bytes()
        )
        options = [("grpc.ssl_target_name_override", "directory.contactpoint.internal")]
        channel = stack.enter_context(grpc.secure_channel(f"127.0.0.1:{running.port}", credentials, options=options))
        yield Stack(world, remote, running, edge, channel)


def servicers_of(world: World) -> tuple[DirectoryServicer, ProviderServicer, SupplyServicer]:
    """Return the servicers over a world's use cases."""
    return (
        DirectoryServicer(
            caller=current_caller,
            search_children=world.search_children,
            open_record=world.open_record,
            open_home=world.open_home,
            identify_child=world.identify_child,
            create_child=world.create_child,
            list_own_children=world.list_own_children,
            count_own_children=world.count_own_children,
            start_involvement=world.start_involvement,
            confirm_involvement=world.confirm_involvement,
            end_involvement=world.end_involvement,
            mark_involvement=world.mark_involvement,
            report_contact_wrong=world.report_contact_wrong,
        ),
        ProviderServicer(
            caller=current_caller,
            register_provider=world.register_provider,
            amend_provider=world.amend_provider,
            list_providers=world.list_providers,
        ),
        SupplyServicer(caller=current_caller, supply_rows=world.supply_rows),
    )


def _started(process: str, issued: Issued, register: Callable[[grpc.Server], None], keys: SigningKey) -> RunningServer:
    table = whole_table()
    return start(
        register,
        settings=ServerSettings(
            process=process,
            host="127.0.0.1",
            port=0,
            health_port=0,
            workers=4,
            waiting=8,
            drain_seconds=1.0,
            connection_age_seconds=60,
        ),
        certificates=WatchedCertificates(issued.files),
        interceptors=service_interceptors(
            process=process,
            environment="synthetic",
            table=table,
            keys=keys,
            clock=SystemClock(),
            telemetry=Telemetry.nothing(),
        ),
        table=table,
    )
