"""The review's real server and clients, between an edge's certificate and a ledger made of answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from contactpoint.access.v1 import access_pb2
from contactpoint.audit.ledger.v1 import entry_pb2
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as ledger_pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as ledger_rpc
from contactpoint.audit.review.v1 import review_service_pb2_grpc as rpc

from services.audit.review.clients.ledger import RemoteLedger
from services.audit.review.clients.log import RemoteLog
from services.audit.review.clients.losses import RemoteLosses
from services.audit.review.rpc import CustodyServicer, ReviewServicer
from services.audit.review.use_cases.accept_gap import AcceptGap
from services.audit.review.use_cases.accept_loss import AcceptLoss
from services.audit.review.use_cases.list_entries import ListEntries
from services.audit.review.use_cases.list_own_looks import ListOwnLooks
from services.audit.review.use_cases.who_looked_at import WhoLookedAt
from services.runtime.access import whole_table
from services.runtime.caller import current_caller
from services.runtime.certificates import WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.clock import SystemClock
from services.runtime.errors import NotFound, ServiceError
from services.runtime.peers import server_name
from services.runtime.receipts import ReceiptGuard
from services.runtime.server import Register, RunningServer, ServerSettings, service_interceptors, start
from services.runtime.telemetry import Telemetry
from tests.support.acts import SigningKey, an_act
from tests.support.pki import Authority, Issued
from tests.unit.verify_log.small_log import Signer, path, sha

HANDLE = b"h" * 64
PERSON = "8a4f8f0c-7a8e-4a7e-9d8e-0c6f6c1b2a3d"
ORGANISATION = "11111111-7a8e-4a7e-9d8e-0c6f6c1b2a3d"
SIGNER = Signer()
REVIEW = "/contactpoint.audit.review.v1.ReviewService/"
CUSTODY = "/contactpoint.audit.review.v1.CustodyService/"


def an_entry(index: int) -> entry_pb2.Entry:
    """Return an entry that a ledger could have stored."""
    child = entry_pb2.EntrySubject(kind=entry_pb2.SUBJECT_KIND_CHILD, subject=b"t" * 32, counter=index + 1)
    person = entry_pb2.EntrySubject(kind=entry_pb2.SUBJECT_KIND_PERSON, subject=b"p" * 32, counter=1)
    entry = entry_pb2.Entry(
        version=1,
        index=index,
        act="/contactpoint.directory.v1.DirectoryService/OpenRecord",
        person=PERSON,
        role=access_pb2.ROLE_PRACTITIONER,
        organisation=ORGANISATION,
        reason=entry_pb2.EntryReason(code="SAFEGUARDING_CONCERN", text="bruise seen in class"),
        sections=[entry_pb2.SECTION_IDENTITY, entry_pb2.SECTION_SERVICES],
        outcome=entry_pb2.OUTCOME_REFUSED if index % 3 == 0 else entry_pb2.OUTCOME_ALLOWED,
        rule="RELEASED",
        subjects=[child, person],
    )
    entry.at.FromSeconds(1_760_000_000 + index)
    return entry


@dataclass
class FakeLedger:
    """Answers as the ledger would about `count` entries; a test may change any answer, or make it refuse."""

    count: int = 30
    refusal: ServiceError | None = None
    change: Callable[[Any], None] = lambda _: None
    tokens: list[str] = field(default_factory=list)
    requests: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the log."""
        self.bodies = [an_entry(index).SerializeToString() for index in range(self.count)]
        self.salts = [sha(b"salt %d" % index) for index in range(self.count)]
        self.leaves = [sha(salt + body) for salt, body in zip(self.salts, self.bodies, strict=True)]
        self.next_index = self.count

    def take(self, request: Any) -> ledger_pb.Receipt:
        """Note a reading and return its receipt."""
        self.tokens.append(current_caller().token or "")
        self.requests.append(request)
        if self.refusal is not None:
            raise self.refusal
        self.next_index += 1
        return ledger_pb.Receipt(index=self.next_index - 1, leaf=sha(b"%d" % self.next_index))

    def proven(self, index: int) -> ledger_pb.ReadEntry:
        """Return one entry with its proof."""
        return ledger_pb.ReadEntry(
            body=self.bodies[index], salt=self.salts[index], index=index, inclusion_proof=path(index, self.leaves)
        )


class LedgerServicer(ledger_rpc.LedgerServiceServicer):
    def __init__(self, ledger: FakeLedger) -> None:
        self._ledger = ledger

    def ReadEntries(
        self, request: ledger_pb.ReadEntriesRequest, context: grpc.ServicerContext
    ) -> ledger_pb.ReadEntriesResponse:
        ledger = self._ledger
        receipt = ledger.take(request)
        if request.handle and request.handle != HANDLE:
            raise NotFound
        shown = sorted(range(ledger.count), reverse=True)[: request.page_size]
        answer = ledger_pb.ReadEntriesResponse(
            receipt=receipt,
            entries=map(ledger.proven, shown),
            checkpoint=SIGNER.checkpoint(ledger.leaves).decode(),
            next_page_token=b"sealed",
            total=ledger.count,
        )
        ledger.change(answer)
        return answer

    def ReadOwnEntries(
        self, request: ledger_pb.ReadOwnEntriesRequest, context: grpc.ServicerContext
    ) -> ledger_pb.ReadOwnEntriesResponse:
        ledger = self._ledger
        answer = ledger_pb.ReadOwnEntriesResponse(
            receipt=ledger.take(request),
            entries=[
                ledger_pb.OwnEntry(body=ledger.bodies[2], number=1234567890),
                ledger_pb.OwnEntry(body=ledger.bodies[1], number=0),
            ],
            next_page_token=b"sealed",
        )
        ledger.change(answer)
        return answer

    def Enter(self, request: ledger_pb.EnterRequest, context: grpc.ServicerContext) -> ledger_pb.EnterResponse:
        receipt = self._ledger.take(request)
        return ledger_pb.EnterResponse(receipt=receipt, act_id=b"a" * 32, state=ledger_pb.ACT_STATE_DONE)


class ProcessServicer(ledger_rpc.ProcessServiceServicer):
    def __init__(self, ledger: FakeLedger) -> None:
        self._ledger = ledger

    def GetCheckpoint(
        self, request: ledger_pb.GetCheckpointRequest, context: grpc.ServicerContext
    ) -> ledger_pb.GetCheckpointResponse:
        note = SIGNER.checkpoint(self._ledger.leaves).decode()
        return ledger_pb.GetCheckpointResponse(checkpoint=note, verifier_key=SIGNER.vkey)

    def ListLeaves(
        self, request: ledger_pb.ListLeavesRequest, context: grpc.ServicerContext
    ) -> ledger_pb.ListLeavesResponse:
        return ledger_pb.ListLeavesResponse(leaves=self._ledger.leaves[request.from_index :][:4096])


class Kept:
    """The newest receipt, in memory."""

    def __init__(self) -> None:
        self.index = -1

    def load(self) -> int:
        return self.index

    def keep(self, index: int) -> None:
        self.index = max(self.index, index)


@dataclass
class Stage:
    """A running review and ledger, and what is needed to call the review as the edge does."""

    ledger: FakeLedger
    keys: SigningKey
    edge: Issued
    log: RemoteLog
    kept: Kept
    guard: ReceiptGuard
    channel: grpc.Channel
    ledger_port: int
    own: Issued

    def call(self, method: str, request: Any, *, role: str = "ROLE_AUDITOR", **claims: Any) -> Any:
        """Return the answer to a call by a person in a role, as the edge makes it."""
        said = {"aud": "audit.review", "mth": REVIEW + method, "cnf": self.edge.thumbprint, "rol": role, **claims}
        token = self.keys.sign(dataclasses.replace(an_act(request.SerializeToString()), **said))
        stub = rpc.ReviewServiceStub(self.channel)
        return getattr(stub, method)(request, timeout=3, metadata=(("contactpoint-act", token),))

    def custody(self, method: str, request: Any, *, role: str = "ROLE_CUSTODIAN") -> Any:
        """Return the answer to a call of CustodyService, as the edge makes it."""
        said: dict[str, Any] = {
            "aud": "audit.review",
            "mth": CUSTODY + method,
            "cnf": self.edge.thumbprint,
            "rol": role,
        }
        token = self.keys.sign(dataclasses.replace(an_act(request.SerializeToString()), **said))
        stub = rpc.CustodyServiceStub(self.channel)
        return getattr(stub, method)(request, timeout=3, metadata=(("contactpoint-act", token),))


def a_server(process: str, issued: Issued, keys: SigningKey, register: Register) -> RunningServer:
    """Return a server with every interceptor that the real one has."""
    table, clock = whole_table(), SystemClock()
    return start(
        register,
        settings=ServerSettings(
            process=process,
            host="127.0.0.1",
            port=0,
            health_port=0,
            workers=4,
            waiting=8,
            drain_seconds=0.2,
            connection_age_seconds=60.0,
        ),
        certificates=WatchedCertificates(issued.files),
        interceptors=service_interceptors(
            process=process,
            environment="synthetic",
            table=table,
            keys=keys,
            clock=clock,
            telemetry=Telemetry.nothing(),
        ),
        table=table,
    )


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(Path(tmp_path_factory.mktemp("pki")))


@pytest.fixture
def stage(authority: Authority) -> Iterator[Stage]:
    ledger, keys, kept = FakeLedger(), SigningKey(), Kept()
    own = {name: authority.process(name) for name in ("audit.ledger", "audit.review", "gateway.edge")}

    def register_ledger(server: grpc.Server) -> None:
        ledger_rpc.add_LedgerServiceServicer_to_server(LedgerServicer(ledger), server)  # type: ignore[abstract]  # what is called
        ledger_rpc.add_ProcessServiceServicer_to_server(ProcessServicer(ledger), server)  # type: ignore[abstract]  # the same

    def register_review(server: grpc.Server) -> None:
        rpc.add_ReviewServiceServicer_to_server(servicer, server)
        rpc.add_CustodyServiceServicer_to_server(custody, server)

    with ExitStack() as stack:
        behind = stack.enter_context(a_server("audit.ledger", own["audit.ledger"], keys, register_ledger))
        channel = stack.enter_context(
            PeerChannel(
                process="audit.ledger",
                address=f"127.0.0.1:{behind.port}",
                certificates=WatchedCertificates(own["audit.review"].files),
            )
        )
        guard = ReceiptGuard(kept)
        remote = RemoteLedger(channel, guard)
        servicer = ReviewServicer(
            who_looked_at=WhoLookedAt(ledger=remote),
            list_own_looks=ListOwnLooks(ledger=remote),
            list_entries=ListEntries(ledger=remote),
        )
        losses = RemoteLosses(channel, guard)
        custody = CustodyServicer(accept_loss=AcceptLoss(losses=losses), accept_gap=AcceptGap(losses=losses))
        review = stack.enter_context(
            a_server(
                "audit.review",
                own["audit.review"],
                keys,
                register_review,
            )
        )
        files = own["gateway.edge"].files
        credentials = grpc.ssl_channel_credentials(
            files.ca.read_bytes(), files.private_key.read_bytes(), files.certificate.read_bytes()
        )
        outside = stack.enter_context(
            grpc.secure_channel(
                f"127.0.0.1:{review.port}",
                credentials,
                options=[("grpc.ssl_target_name_override", server_name("audit.review"))],
            )
        )
        yield Stage(
            ledger,
            keys,
            own["gateway.edge"],
            RemoteLog(channel),
            kept,
            guard,
            outside,
            behind.port,
            own["audit.review"],
        )
