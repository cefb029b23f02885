"""A running shielding between an edge that holds real tokens and a fake ledger, over mutual TLS on the loopback."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

import grpc
import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as ledger_rpc
from contactpoint.identity.v1 import identity_service_pb2 as identity_pb
from contactpoint.identity.v1 import identity_service_pb2_grpc as identity_rpc
from contactpoint.shielding.v1 import shielding_service_pb2 as pb
from contactpoint.shielding.v1 import shielding_service_pb2_grpc as rpc
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from google.protobuf.message import Message

from services.runtime.access import whole_table
from services.runtime.certificates import WatchedCertificates
from services.runtime.channels import open_channels
from services.runtime.clock import SystemClock
from services.runtime.published_keys import published_over
from services.runtime.receipts import ReceiptGuard
from services.runtime.server import RunningServer, ServerSettings, service_interceptors, start
from services.runtime.telemetry import Telemetry
from services.runtime.verification_keys import RemoteVerificationKeys
from services.shielding.clients.ledger import RemoteLedger
from services.shielding.rpc import ShieldingServicer, UseCases
from services.shielding.sealing import Sealing
from services.shielding.use_cases.approve_shield import ApproveShield
from services.shielding.use_cases.count_shield_cases import CountShieldCases
from services.shielding.use_cases.drive_on import DriveOn
from services.shielding.use_cases.impose_interim_shield import ImposeInterimShield
from services.shielding.use_cases.list_shield_cases import ListShieldCases
from services.shielding.use_cases.propose_shield import ProposeShield
from services.shielding.use_cases.request_shield import RequestShield
from services.shielding.use_cases.take_step import TakeStep
from tests.fakes.shielding import FakeCases
from tests.fakes.shielding_ledger import FakeLedgerServicer
from tests.support.acts import SetClock, SigningKey, an_act
from tests.support.pki import Authority, Issued

SERVICE = "/contactpoint.shielding.v1.ShieldingService/"
HANDLE = b"h" * 64
NUMBER = 1234567894


@dataclass(frozen=True)
class Person:
    """Who calls, in which role, for which authority."""

    id: str
    role: str
    authority: str | None = "E08000001"


NURSE = Person(str(uuid.UUID(int=1)), "ROLE_PRACTITIONER")
SOCIAL_WORKER = Person(str(uuid.UUID(int=2)), "ROLE_PROTECTION_PRACTITIONER")
OFFICER = Person(str(uuid.UUID(int=3)), "ROLE_SHIELD_OFFICER")
COLLEAGUE = Person(str(uuid.UUID(int=4)), "ROLE_SHIELD_OFFICER")
ELSEWHERE = Person(str(uuid.UUID(int=5)), "ROLE_SHIELD_OFFICER", "E09000002")


class Published(identity_rpc.VerificationKeysServiceServicer):
    """Identity, as far as it publishes the key of these tests."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def ListVerificationKeys(
        self, request: identity_pb.ListVerificationKeysRequest, context: grpc.ServicerContext
    ) -> identity_pb.ListVerificationKeysResponse:
        public = self._key.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        said = identity_pb.VerificationKey(kid=self._key.kid, public_key=public)
        now = datetime.now(UTC)
        said.not_before.FromDatetime(now - timedelta(hours=1))
        said.not_after.FromDatetime(now + timedelta(hours=1))
        return identity_pb.ListVerificationKeysResponse(keys=[said])


@dataclass
class Remembered:
    """Where the newest receipt is kept, in memory."""

    index: int = -1

    def load(self) -> int:
        return self.index

    def keep(self, index: int) -> None:
        self.index = max(self.index, index)


@dataclass
class Behind:
    """What stands behind shielding, and the certificates; running for all tests."""

    authority: Authority
    keys: SigningKey
    edge: Issued
    ledger: FakeLedgerServicer
    ports: dict[str, int]


@dataclass
class ShieldingStack:
    """One running shielding, and how it is called."""

    behind: Behind
    running: RunningServer
    cases: FakeCases
    guard: ReceiptGuard
    drive_on: DriveOn
    clock: SetClock
    _opened: list[grpc.Channel] = field(default_factory=list)

    @property
    def ledger(self) -> FakeLedgerServicer:
        return self.behind.ledger

    def channel(self, issued: Issued | None = None) -> grpc.Channel:
        """Return a channel with the certificate of `issued` (the edge's)."""
        files = (issued or self.behind.edge).files
        credentials = grpc.ssl_channel_credentials(
            self.behind.authority.ca.read_bytes(), files.private_key.read_bytes(), files.certificate.read_bytes()
        )
        options = [
            ("grpc.ssl_target_name_override", "shielding.contactpoint.internal"),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        channel = grpc.secure_channel(f"127.0.0.1:{self.running.port}", credentials, options=options)
        self._opened.append(channel)
        return channel

    def token(self, person: Person, method: str, request: bytes, **changed: Any) -> str:
        """Return a good token of a person for one call from the edge, with some claims changed."""
        claims: dict[str, Any] = {
            "aud": "shielding",
            "mth": SERVICE + method,
            "cnf": self.behind.edge.thumbprint,
            "sub": person.id,
            "rol": person.role,
            "aut": person.authority,
        }
        return self.behind.keys.sign(an_act(request, **{**claims, **changed}))

    def call(self, person: Person, request: Message, **changed: Any) -> Any:
        """Make the call whose request this is, as a person, and return its answer."""
        method = type(request).__name__.removesuffix("Request")
        token = self.token(person, method, request.SerializeToString(), **changed)
        stub = getattr(rpc.ShieldingServiceStub(self.channel()), method)
        return stub(request, timeout=4, metadata=(("contactpoint-act", token),))

    def close(self) -> None:
        for channel in self._opened:
            channel.close()
        self.running.stop()


def opening(kind: type[Message], *, key: str = "", handle: bytes = HANDLE, ground: int = pb.GROUND_ADOPTION) -> Any:
    """Return a request that opens a case."""
    return kind(idempotency_key=key or str(uuid.uuid4()), handle=handle, ground=ground)


def approval(case_id: str, key: str = "") -> pb.ApproveShieldRequest:
    return pb.ApproveShieldRequest(idempotency_key=key or str(uuid.uuid4()), case_id=case_id)


def _settings(process: str) -> ServerSettings:
    return ServerSettings(
        process=process,
        host="127.0.0.1",
        port=0,
        health_port=0,
        workers=8,
        waiting=16,
        drain_seconds=0.2,
        connection_age_seconds=60,
    )


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("shielding-pki"))


@pytest.fixture
def behind(running_behind: Behind) -> Behind:
    """Return them as if nothing had happened."""
    FakeLedgerServicer.__init__(running_behind.ledger, numbers={HANDLE: NUMBER})
    return running_behind


@pytest.fixture(scope="session")
def running_behind(pki: Authority) -> Iterator[Behind]:
    """Yield a running ledger and identity, both fakes behind the real interceptors."""
    keys = SigningKey()
    ledger = FakeLedgerServicer(numbers={HANDLE: NUMBER})  # type: ignore[abstract]  # what it leaves out answers UNIMPLEMENTED

    def register_ledger(server: grpc.Server) -> None:
        ledger_rpc.add_LedgerServiceServicer_to_server(ledger, server)
        ledger_rpc.add_ProcessServiceServicer_to_server(ledger, server)

    def register_identity(server: grpc.Server) -> None:
        identity_rpc.add_VerificationKeysServiceServicer_to_server(Published(keys), server)

    with ExitStack() as stack:
        ports = {}
        registers: dict[str, Callable[[grpc.Server], None]] = {
            "audit.ledger": register_ledger,
            "identity": register_identity,
        }
        for name, register in registers.items():
            running = start(
                register,
                settings=_settings(name),
                certificates=WatchedCertificates(pki.process(name).files),
                interceptors=service_interceptors(
                    process=name,
                    environment="synthetic",
                    table=whole_table(),
                    keys=keys,
                    clock=SystemClock(),
                    telemetry=Telemetry.nothing(),
                ),
                table=whole_table(),
            )
            stack.callback(running.stop)
            ports[name] = running.port
        yield Behind(pki, keys, pki.process("gateway.edge"), ledger, ports)


@pytest.fixture
def shielding(behind: Behind, pki: Authority) -> Iterator[ShieldingStack]:
    """Yield a running shielding, put together as its `__main__` does, with its cases in memory."""
    clock, certificates = SetClock(), WatchedCertificates(pki.process("shielding").files)
    addresses = {name: f"127.0.0.1:{port}" for name, port in behind.ports.items()}
    with open_channels(addresses, certificates, forward_errors=True) as channels:
        guard, cases, sealing = ReceiptGuard(Remembered()), FakeCases(clock), Sealing(b"r" * 32)
        ledger = RemoteLedger(channels["audit.ledger"], guard)
        take_step = TakeStep(cases=cases, ledger=ledger)
        holidays: frozenset[date] = frozenset()
        servicer = ShieldingServicer(
            UseCases(
                request_shield=RequestShield(take_step=take_step, clock=clock, holidays=holidays),
                impose_interim_shield=ImposeInterimShield(take_step=take_step, clock=clock, holidays=holidays),
                propose_shield=ProposeShield(take_step=take_step, clock=clock, holidays=holidays),
                approve_shield=ApproveShield(cases=cases, take_step=take_step, clock=clock, holidays=holidays),
                list_shield_cases=ListShieldCases(cases=cases, ledger=ledger, clock=clock),
                count_shield_cases=CountShieldCases(cases=cases, clock=clock),
            ),
            sealing,
        )
        running = start(
            lambda server: rpc.add_ShieldingServiceServicer_to_server(servicer, server),
            settings=_settings("shielding"),
            certificates=certificates,
            interceptors=service_interceptors(
                process="shielding",
                environment="synthetic",
                table=whole_table(),
                keys=RemoteVerificationKeys(fetch=published_over(channels["identity"]), clock=SystemClock()),
                clock=SystemClock(),
                telemetry=Telemetry.nothing(),
            ),
            table=whole_table(),
        )
        made = ShieldingStack(behind, running, cases, guard, DriveOn(cases=cases, ledger=ledger), clock)
        yield made
        made.close()
