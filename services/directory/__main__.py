"""Starts the directory: configuration, dependencies, server, top to bottom; and `check-store`, an operator's."""

import sys
from pathlib import Path

import grpc
from contactpoint.directory.v1 import directory_service_pb2_grpc as rpc

from services.directory import check_store, metrics
from services.directory.clients.ledger import RemoteLedger, RemoteSettlements
from services.directory.config import DirectoryConfig
from services.directory.rpc import DirectoryServicer, ProviderServicer, SupplyServicer
from services.directory.storage.awaited_index import AwaitedIndex
from services.directory.storage.container import Containers
from services.directory.storage.index_log import SNAPSHOT_LOCK
from services.directory.storage.keys import derived
from services.directory.storage.page_tokens import SealedPageTokens
from services.directory.storage.providers import SqlProviders
from services.directory.storage.receipts import SqlNewestReceipt
from services.directory.storage.records import SqlRecords
from services.directory.use_cases.amend_provider import AmendProvider
from services.directory.use_cases.change_own_services import ChangeOwnServices
from services.directory.use_cases.conclude_act import ConcludeAct
from services.directory.use_cases.confirm_involvement import ConfirmInvolvement
from services.directory.use_cases.count_own_children import CountOwnChildren
from services.directory.use_cases.create_child import CreateChild
from services.directory.use_cases.end_involvement import EndInvolvement
from services.directory.use_cases.identify_child import IdentifyChild
from services.directory.use_cases.list_own_children import ListOwnChildren
from services.directory.use_cases.list_providers import ListProviders
from services.directory.use_cases.look_at_child import LookAtChild
from services.directory.use_cases.mark_involvement import MarkInvolvement
from services.directory.use_cases.open_home import OpenHome
from services.directory.use_cases.open_record import OpenRecord
from services.directory.use_cases.register_provider import RegisterProvider
from services.directory.use_cases.report_contact_wrong import ReportContactWrong
from services.directory.use_cases.search_children import SearchChildren
from services.directory.use_cases.settle_acts import SettleActs
from services.directory.use_cases.start_involvement import StartInvolvement
from services.directory.use_cases.supply_rows import SupplyRows
from services.runtime import process
from services.runtime.access import whole_table
from services.runtime.caller import current_caller
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

_MIGRATIONS = Path(__file__).parent / "storage" / "migrations"
_SYNTHETIC = "synthetic"
_SWEEPER_LOCK = 0x436F_6E74_0003
_SNAPSHOT_ASKED_SECONDS = 60.0


def serve(config: DirectoryConfig) -> int:
    """Serve until told to stop; return the exit code."""
    # Secrets and certificates.
    root_secret, half_key = read_secret(config.root_secret), read_secret(config.half_key)
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    clock, telemetry = SystemClock(), Telemetry.of(config)
    engine = engine_of(config.database_url, pool_size=config.workers, application_name=config.process)
    guard = ReceiptGuard(SqlNewestReceipt(engine=engine))
    peers = {name: config.peers[name] for name in ("audit.ledger", "identity")}
    with open_channels(peers, certificates, led={"audit.ledger"}) as channels:
        # What other processes and the database keep for us.
        channels["audit.ledger"].always_say(KNOWN_KEY, lambda: str(guard.newest()))
        ledger = RemoteLedger(channels["audit.ledger"], guard)
        settlements = RemoteSettlements(channels["audit.ledger"], guard)
        index = AwaitedIndex(
            engine,
            environment=config.environment,
            open_key=settlements.open_index_key,
            asks_every_seconds=config.index_key_seconds,
        )
        records = SqlRecords(
            engine=engine,
            containers=Containers(derived(root_secret, "dummy")),
            tag_key=derived(root_secret, "record-tag"),
            half_key=half_key,
            index_log=index,
        )
        providers = SqlProviders(engine)
        criteria_key = derived(root_secret, "criteria")

        # The acts.
        look_at_child = LookAtChild(ledger=ledger, records=records, children=index)
        conclude = ConcludeAct(settlements=settlements)
        change_own_services = ChangeOwnServices(ledger=ledger, records=records, conclude=conclude, clock=clock)
        directory = DirectoryServicer(
            caller=current_caller,
            search_children=SearchChildren(index=index, ledger=ledger, criteria_key=criteria_key),
            open_record=OpenRecord(look_at_child=look_at_child, providers=providers, clock=clock),
            open_home=OpenHome(look_at_child=look_at_child),
            identify_child=IdentifyChild(ledger=ledger, children=index),
            create_child=CreateChild(
                ledger=ledger,
                records=records,
                children=index,
                conclude=conclude,
                clock=clock,
                criteria_key=criteria_key,
            ),
            list_own_children=ListOwnChildren(ledger=ledger, children=index, clock=clock),
            count_own_children=CountOwnChildren(ledger=ledger, clock=clock),
            start_involvement=StartInvolvement(change_own_services=change_own_services, providers=providers),
            confirm_involvement=ConfirmInvolvement(change_own_services=change_own_services),
            end_involvement=EndInvolvement(change_own_services=change_own_services),
            mark_involvement=MarkInvolvement(change_own_services=change_own_services),
            report_contact_wrong=ReportContactWrong(change_own_services=change_own_services),
        )
        provider = ProviderServicer(
            caller=current_caller,
            register_provider=RegisterProvider(ledger=ledger, providers=providers),
            amend_provider=AmendProvider(ledger=ledger, providers=providers),
            list_providers=ListProviders(
                providers=providers, pages=SealedPageTokens(key=derived(root_secret, "page-token"))
            ),
        )
        supply = SupplyServicer(
            caller=current_caller,
            supply_rows=SupplyRows(
                ledger=ledger,
                records=records,
                providers=providers,
                children=index,
                conclude=conclude,
                clock=clock,
                is_open=config.environment == _SYNTHETIC,
            ),
        )
        settle_acts = SettleActs(
            settlements=settlements, records=records, unsettled=telemetry.instrument(metrics.ACTS_UNSETTLED).set
        )
        telemetry.watch(metrics.INDEX_ENTRIES, index.entries)
        telemetry.watch(metrics.INDEX_LAG, index.lag_seconds)

        def register(server: grpc.Server) -> None:
            rpc.add_DirectoryServiceServicer_to_server(directory, server)
            rpc.add_ProviderServiceServicer_to_server(provider, server)
            rpc.add_SupplyServiceServicer_to_server(supply, server)

        # The server, and what works beside it.
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
            readiness={"": lambda: index.is_loaded() and can_read(engine)},
            also_until_stopped=[
                index.loop,
                guard.loop(),
                DatabaseWatch({"main": engine}, clock=clock, telemetry=telemetry).loop,
                periodic(
                    engine=engine,
                    advisory_lock_id=_SWEEPER_LOCK,
                    seconds=config.sweep_seconds,
                    work=settle_acts,
                    name="settle_acts",
                    telemetry=telemetry,
                ),
                periodic(
                    engine=engine,
                    advisory_lock_id=SNAPSHOT_LOCK,
                    seconds=_SNAPSHOT_ASKED_SECONDS,
                    work=lambda: index.write_snapshot_when_due(clock.now()),
                    name="index_snapshot",
                    telemetry=telemetry,
                ),
            ],
        )
    telemetry.stop()
    engine.dispose()
    return code


def migrate(config: DirectoryConfig) -> None:
    """Bring the database to the newest migration."""
    run_migrations(config.database_owner_url, _MIGRATIONS)


if __name__ == "__main__":
    if sys.argv[1:2] == ["check-store"]:
        sys.exit(check_store.main(sys.argv[2:], tell=print))
    sys.exit(process.run("directory", config=DirectoryConfig, serve=serve, migrate=migrate))
