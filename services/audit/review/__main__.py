"""Starts the review: configuration, dependencies, server, top to bottom."""

import sys
from pathlib import Path

import grpc
from contactpoint.audit.review.v1 import review_service_pb2_grpc as rpc

from services.audit.review import metrics
from services.audit.review.clients.ledger import RemoteLedger
from services.audit.review.clients.log import RemoteLog
from services.audit.review.clients.losses import RemoteLosses
from services.audit.review.config import ReviewConfig
from services.audit.review.rpc import CustodyServicer, ReviewServicer
from services.audit.review.storage.log_folder import FileLogFolder
from services.audit.review.storage.newest_receipt import SqlNewestReceipt
from services.audit.review.storage.published_log import SqlPublishedLog
from services.audit.review.use_cases.accept_gap import AcceptGap
from services.audit.review.use_cases.accept_loss import AcceptLoss
from services.audit.review.use_cases.list_entries import ListEntries
from services.audit.review.use_cases.list_own_looks import ListOwnLooks
from services.audit.review.use_cases.publish import Publish
from services.audit.review.use_cases.who_looked_at import WhoLookedAt
from services.runtime import process
from services.runtime.access import whole_table
from services.runtime.certificates import CertificateFiles, WatchedCertificates
from services.runtime.channels import open_channels
from services.runtime.clock import SystemClock
from services.runtime.database import can_read, engine_of, periodic
from services.runtime.database import migrate as run_migrations
from services.runtime.database_watch import DatabaseWatch
from services.runtime.interceptors.limits import KNOWN_KEY
from services.runtime.published_keys import published_over
from services.runtime.receipts import ReceiptGuard
from services.runtime.server import ServerSettings, service_interceptors
from services.runtime.server import serve as run_server
from services.runtime.telemetry import Telemetry
from services.runtime.verification_keys import RemoteVerificationKeys

HERE = Path(__file__).parent
_CALLED = ("identity", "audit.ledger")
_PUBLISHER_LOCK = 1


def serve(config: ReviewConfig) -> int:
    """Serve until told to stop; return the exit code."""
    clock = SystemClock()
    engine = engine_of(config.database_url, application_name=config.process)
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    telemetry = Telemetry.of(config)
    guard = ReceiptGuard(SqlNewestReceipt(engine))
    with open_channels({name: config.peers[name] for name in _CALLED}, certificates, led={"audit.ledger"}) as channels:
        channels["audit.ledger"].always_say(KNOWN_KEY, lambda: str(guard.newest()))
        ledger = RemoteLedger(channels["audit.ledger"], guard)
        servicer = ReviewServicer(
            who_looked_at=WhoLookedAt(ledger=ledger),
            list_own_looks=ListOwnLooks(ledger=ledger),
            list_entries=ListEntries(ledger=ledger),
        )
        losses = RemoteLosses(channels["audit.ledger"], guard)
        custody = CustodyServicer(accept_loss=AcceptLoss(losses=losses), accept_gap=AcceptGap(losses=losses))
        published_log = SqlPublishedLog(engine)
        publications = telemetry.instrument(metrics.PUBLICATIONS)
        telemetry.watch(metrics.PUBLISHED_ENTRIES, lambda: published_log.largest_kept)
        publish = Publish(
            log=RemoteLog(channels["audit.ledger"]),
            folder=FileLogFolder(config.log_dir),
            published=published_log,
            count=lambda reason: publications.add(1, {"reason": reason}),
        )

        def register(server: grpc.Server) -> None:
            rpc.add_ReviewServiceServicer_to_server(servicer, server)
            rpc.add_CustodyServiceServicer_to_server(custody, server)

        table = whole_table()
        code = run_server(
            register,
            settings=ServerSettings.of(config),
            certificates=certificates,
            interceptors=service_interceptors(
                process=config.process,
                environment=config.environment,
                table=table,
                keys=RemoteVerificationKeys(fetch=published_over(channels["identity"]), clock=clock),
                clock=clock,
                telemetry=telemetry,
            ),
            table=table,
            telemetry=telemetry,
            readiness={"": lambda: can_read(engine)},
            also_until_stopped=[
                guard.loop(),
                DatabaseWatch({"main": engine}, clock=clock, telemetry=telemetry).loop,
                periodic(
                    engine=engine,
                    advisory_lock_id=_PUBLISHER_LOCK,
                    seconds=config.publish_seconds,
                    work=publish,
                    name="publish",
                    telemetry=telemetry,
                ),
            ],
        )
    telemetry.stop()
    return code


def migrate(config: ReviewConfig) -> None:
    """Bring the database to the newest migration."""
    run_migrations(config.database_owner_url, HERE / "storage" / "migrations")


if __name__ == "__main__":
    sys.exit(process.run("audit.review", config=ReviewConfig, serve=serve, migrate=migrate))
