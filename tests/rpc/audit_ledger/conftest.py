"""The ledger's real process over mutual TLS and a real PostgreSQL; identity is there for its keys alone."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import pytest
from contactpoint.audit.ledger.v1 import ledger_service_pb2 as pb
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as rpc
from contactpoint.identity.v1 import identity_service_pb2 as identity_pb
from contactpoint.identity.v1 import identity_service_pb2_grpc as identity_rpc
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp

from deploy.local import databases
from deploy.local.configuration import to_toml
from services.runtime.access import whole_table
from services.runtime.certificates import WatchedCertificates
from services.runtime.clock import SystemClock
from services.runtime.peers import server_name
from services.runtime.server import RunningServer, ServerSettings, service_interceptors, start
from services.runtime.telemetry import Telemetry
from services.runtime.tokens import Act, Standing
from tests.support.acts import SigningKey, an_act
from tests.support.pki import Authority, Issued
from tests.support.postgres import TestDatabase, migrated, running_postgres

ROOT = Path(__file__).resolve().parents[3]
SERVICE = "synthetic"
ORGANISATION, ADMINISTRATOR = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
PARTIES = (("service", SERVICE), ("organisation", ORGANISATION), ("person", ADMINISTRATOR))


def digest(kind: str, party: str) -> bytes:
    return hashlib.sha256(f"{kind} {party}".encode()).digest()


class PublishedKeys(identity_rpc.VerificationKeysServiceServicer):
    """identity, as far as the ledger calls it."""

    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def ListVerificationKeys(
        self, request: identity_pb.ListVerificationKeysRequest, context: grpc.ServicerContext
    ) -> identity_pb.ListVerificationKeysResponse:
        key = identity_pb.VerificationKey(
            kid=self._key.kid,
            public_key=self._key.private.public_key().public_bytes_raw(),
            not_before=Timestamp(seconds=1),
            not_after=Timestamp(seconds=1 << 33),
        )
        return identity_pb.ListVerificationKeysResponse(keys=[key])


def identity(issued: Issued, key: SigningKey) -> RunningServer:
    """Return a server of identity's keys."""
    table = whole_table()
    return start(
        lambda server: identity_rpc.add_VerificationKeysServiceServicer_to_server(PublishedKeys(key), server),
        settings=ServerSettings(
            process="identity",
            host="127.0.0.1",
            port=0,
            health_port=0,
            workers=2,
            waiting=8,
            drain_seconds=0.2,
            connection_age_seconds=60.0,
        ),
        certificates=WatchedCertificates(issued.files),
        interceptors=service_interceptors(
            process="identity",
            environment="synthetic",
            table=table,
            keys=key,
            clock=SystemClock(),
            telemetry=Telemetry.nothing(),
        ),
        table=table,
    )


@dataclass
class LedgerProcess:
    """`python -m services.audit.ledger`, and calls to it as any process."""

    database: TestDatabase
    authority: Authority
    key: SigningKey
    config: Path
    sessions: dict[str, str] = field(default_factory=dict)
    running: subprocess.Popen[str] | None = None
    port: int = 0

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run an operator's command to its end."""
        arguments = [
            sys.executable,
            "-m",
            "services.audit.ledger",
            command[0],
            "--config",
            str(self.config),
            *command[1:],
        ]
        return subprocess.run(arguments, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)

    def start(self) -> None:
        """Start serving, and wait until it listens."""
        arguments = [sys.executable, "-m", "services.audit.ledger", "serve", "--config", str(self.config)]
        self.running = subprocess.Popen(arguments, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
        assert self.running.stdout is not None
        for line in self.running.stdout:
            if line.startswith("serving audit.ledger"):
                self.port = int(line.rpartition(":")[2])
                break
        assert self.port, "it does not serve"
        for _ in range(200):
            if self._leads():
                return
            time.sleep(0.05)
        raise AssertionError("it does not lead")

    def _leads(self) -> bool:
        try:
            self.call("audit.review", "GetCheckpoint", pb.GetCheckpointRequest())
        except grpc.RpcError:
            return False
        return True

    def stop(self, *, kill: bool = False) -> int:
        """Stop it; return its exit code."""
        if self.running is None:
            return 0
        if kill:
            self.running.kill()
        else:
            self.running.terminate()
        code = self.running.wait(20)
        assert self.running.stdout is not None
        self.running.stdout.close()
        self.running = None
        return code

    def call(self, process: str, method: str, request: Message, *, token: Act | None = None) -> Any:
        """Return the answer to a call with a process's certificate, and a token if there is one."""
        files = self.authority.process(process).files
        credentials = grpc.ssl_channel_credentials(
            files.ca.read_bytes(), files.private_key.read_bytes(), files.certificate.read_bytes()
        )
        options = [
            ("grpc.ssl_target_name_override", server_name("audit.ledger")),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        metadata = [("contactpoint-act", self.key.sign(token))] if token else []
        with grpc.secure_channel(f"127.0.0.1:{self.port}", credentials, options=options) as channel:
            stub = rpc.LedgerServiceStub(channel) if token else rpc.ProcessServiceStub(channel)
            return getattr(stub, method)(request, timeout=5, metadata=metadata, wait_for_ready=True)

    def found(self) -> Any:
        """Enter the first parties."""
        parties = [
            pb.FoundingParty(party=pb.Party(kind=kind, id=party), digest=digest(kind, party)) for kind, party in PARTIES
        ]
        return self.call("identity", "EnterFounding", pb.EnterFoundingRequest(parties=parties))

    def sign_in(self) -> Any:
        """Sign the first person in."""
        self.sessions[ADMINISTRATOR] = str(uuid.uuid4())
        request = pb.EnterSessionRequest(
            session_tag=self.sessions[ADMINISTRATOR],
            person=ADMINISTRATOR,
            organisation=ORGANISATION,
            amr=["pwd", "otp"],
            channel="c" * 64,
            person_digest=digest("person", ADMINISTRATOR),
            organisation_digest=digest("organisation", ORGANISATION),
        )
        return self.call("identity", "EnterSession", request)

    def token(self, method: str, **changed: Any) -> Act:
        """Return a token of the first person's, as a practitioner."""
        return an_act(
            **{
                "mth": f"/contactpoint.directory.v1.DirectoryService/{method}",
                "sub": ADMINISTRATOR,
                "org": ORGANISATION,
                "sid": self.sessions[ADMINISTRATOR],
                "std": tuple(Standing(kind, party, digest(kind, party).hex()) for kind, party in PARTIES),
                **changed,
            }
        )


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}"}


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LedgerProcess]:
    folder = tmp_path_factory.mktemp("ledger")
    key, authority = SigningKey(), Authority(folder / "pki")
    own = authority.process("audit.ledger").files
    root = folder / "root"
    root.touch(mode=0o600)
    root.write_bytes(b"r" * 32)
    with ExitStack() as stack:
        server = stack.enter_context(running_postgres(folder / "postgres"))
        database = migrated(server, "audit.ledger")
        keys = stack.enter_context(identity(authority.process("identity"), key))
        config = folder / "ledger.toml"
        config.write_text(
            to_toml(
                {
                    "process": "audit.ledger",
                    "environment": "synthetic",
                    "port": 0,
                    "health_port": 0,
                    "certificate": str(own.certificate),
                    "private_key": str(own.private_key),
                    "ca": str(own.ca),
                    "telemetry_dir": str(folder / "telemetry"),
                    "database_url": database._url(databases.server_role(database.process)),
                    "database_owner_url": database._url(databases.owner(database.process)),
                    "root_secret": str(root),
                    "peers": {"identity": f"127.0.0.1:{keys.port}"},
                }
            )
        )
        made = LedgerProcess(database, authority, key, config)
        made.start()
        yield made
        made.stop()
