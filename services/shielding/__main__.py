"""Starts shielding: configuration, dependencies, server, top to bottom."""

import logging
import sys
import tomllib
from pathlib import Path

from contactpoint.shielding.v1 import shielding_service_pb2_grpc as rpc

from services.runtime import process
from services.runtime.access import whole_table
from services.runtime.certificates import CertificateFiles, WatchedCertificates
from services.runtime.channels import open_channels
from services.runtime.clock import SystemClock
from services.runtime.config import read_secret
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
from services.shielding import check_store, metrics, reenter
from services.shielding.clients.ledger import RemoteLedger
from services.shielding.config import CALLED, ShieldingConfig
from services.shielding.domain import holidays_run_out
from services.shielding.rpc import ShieldingServicer, UseCases
from services.shielding.sealing import Sealing
from services.shielding.storage.cases import SqlCases
from services.shielding.storage.newest_receipt import SqlNewestReceipt
from services.shielding.use_cases.approve_shield import ApproveShield
from services.shielding.use_cases.count_shield_cases import CountShieldCases
from services.shielding.use_cases.drive_on import DriveOn
from services.shielding.use_cases.impose_interim_shield import ImposeInterimShield
from services.shielding.use_cases.list_shield_cases import ListShieldCases
from services.shielding.use_cases.propose_shield import ProposeShield
from services.shielding.use_cases.request_shield import RequestShield
from services.shielding.use_cases.take_step import TakeStep

log = logging.getLogger(__name__)

HERE = Path(__file__).parent
_SWEEPER_LOCK, _SWEEPER_SECONDS = 1, 5.0


def serve(config: ShieldingConfig) -> int:
    """Serve until told to stop; return the exit code."""
    clock = SystemClock()
    holidays = frozenset(tomllib.loads((HERE / "bank_holidays.toml").read_text("utf-8"))["days"])
    if holidays_run_out(clock.now(), holidays):
        log.warning("bank_holidays_run_out")
    engine = engine_of(config.database_url, application_name=config.process)
    sealing = Sealing(read_secret(config.root_secret))
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    telemetry = Telemetry.of(config)
    guard = ReceiptGuard(SqlNewestReceipt(engine))
    table = whole_table()
    # `forward_errors`: what the ledger refuses for reasons of its own is a plain no, and never a maybe.
    called = {name: config.peers[name] for name in CALLED}
    with open_channels(called, certificates, forward_errors=True, led={"audit.ledger"}) as channels:
        channels["audit.ledger"].always_say(KNOWN_KEY, lambda: str(guard.newest()))
        ledger = RemoteLedger(channels["audit.ledger"], guard)
        cases = SqlCases(engine, sealing)
        drive_on = DriveOn(cases=cases, ledger=ledger, left_behind=telemetry.instrument(metrics.STEPS_LEFT_BEHIND).set)
        take_step = TakeStep(cases=cases, ledger=ledger)
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
        code = run_server(
            lambda server: rpc.add_ShieldingServiceServicer_to_server(servicer, server),
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
                    advisory_lock_id=_SWEEPER_LOCK,
                    seconds=_SWEEPER_SECONDS,
                    work=drive_on,
                    name="drive_on",
                    telemetry=telemetry,
                ),
            ],
        )
    telemetry.stop()
    return code


def migrate(config: ShieldingConfig) -> None:
    """Bring the database to the newest migration."""
    run_migrations(config.database_owner_url, HERE / "storage" / "migrations")


if __name__ == "__main__":
    if sys.argv[1:2] == ["check-store"]:
        sys.exit(check_store.main(sys.argv[2:], tell=print))
    if sys.argv[1:2] == ["reenter"]:
        sys.exit(reenter.main(sys.argv[2:], tell=print))
    sys.exit(process.run("shielding", config=ShieldingConfig, serve=serve, migrate=migrate))
