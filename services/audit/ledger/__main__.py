"""The ledger's process: `serve`, `migrate`, `check-config`, and what an operator runs beside it."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

import grpc
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as stubs

from services.audit.ledger import gap_commands, limits, metrics
from services.audit.ledger.check_log import check_log
from services.audit.ledger.config import LedgerConfig
from services.audit.ledger.gaps_met import LogFaulty
from services.audit.ledger.group_commit import GroupCommit
from services.audit.ledger.newest_known import NewestKnown
from services.audit.ledger.release_rule import ReleaseRule
from services.audit.ledger.resumed_token import ResumedTokens
from services.audit.ledger.rpc import LedgerServicer, ProcessServicer
from services.audit.ledger.storage.key_wrapping import FileKeyWrapping
from services.audit.ledger.storage.log import PostgresLog
from services.audit.ledger.storage.store import PostgresStore
from services.audit.ledger.use_cases.count_own_involvements import CountOwnInvolvements
from services.audit.ledger.use_cases.enter import Enter
from services.audit.ledger.use_cases.enter_enrolment import EnterEnrolment
from services.audit.ledger.use_cases.enter_founding import EnterFounding
from services.audit.ledger.use_cases.enter_intake import EnterIntake
from services.audit.ledger.use_cases.enter_look import EnterLook
from services.audit.ledger.use_cases.enter_own_children import EnterOwnChildren
from services.audit.ledger.use_cases.enter_refusals import EnterRefusals
from services.audit.ledger.use_cases.enter_search import EnterSearch
from services.audit.ledger.use_cases.enter_session import EnterSession
from services.audit.ledger.use_cases.enter_stop import EnterStop
from services.audit.ledger.use_cases.get_checkpoint import GetCheckpoint
from services.audit.ledger.use_cases.list_ended_acts import ListEndedActs
from services.audit.ledger.use_cases.list_leaves import ListLeaves
from services.audit.ledger.use_cases.list_shield_steps import ListShieldSteps
from services.audit.ledger.use_cases.list_standing_changes import ListStandingChanges
from services.audit.ledger.use_cases.list_unsettled_acts import ListUnsettledActs
from services.audit.ledger.use_cases.lower_heads import LowerHeads
from services.audit.ledger.use_cases.open_index_key import OpenIndexKey
from services.audit.ledger.use_cases.read_entries import ReadEntries
from services.audit.ledger.use_cases.read_own_entries import ReadOwnEntries
from services.audit.ledger.use_cases.recover_shield_steps import RecoverShieldSteps
from services.audit.ledger.use_cases.reenter_shields import ReenterShields
from services.audit.ledger.use_cases.reenter_standings import ReenterStandings
from services.audit.ledger.use_cases.reissue_standings import ReissueStandings
from services.audit.ledger.use_cases.resume_act import ResumeAct
from services.audit.ledger.use_cases.settle import Settle
from services.audit.ledger.use_cases.still_leading import PUBLIC
from services.runtime import access, database, process, server
from services.runtime.certificates import CertificateFiles, WatchedCertificates
from services.runtime.channels import open_channels
from services.runtime.clock import SystemClock
from services.runtime.config import ConfigRefused, load, read_secret
from services.runtime.database_watch import DatabaseWatch
from services.runtime.published_keys import published_over
from services.runtime.telemetry import Telemetry
from services.runtime.verification_keys import RemoteVerificationKeys

PROCESS = "audit.ledger"
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"


def serve(config: LedgerConfig) -> int:
    """Serve until told to stop; return the exit code."""
    clock = SystemClock()
    ceilings = limits.read(config.limits)
    table = access.whole_table()
    telemetry = Telemetry.of(config)
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    leading = database.engine_of(
        config.database_url,
        pool_size=1,
        application_name="audit.ledger.writer",
        # A leader that stands still in the middle of a batch must not keep the row that its successor needs.
        idle_in_transaction_seconds=0.8 * config.lease_seconds,
    )
    reading = database.engine_of(config.database_url, pool_size=4, application_name="audit.ledger.reader")
    wrapping = FileKeyWrapping(read_secret(config.root_secret), environment=config.environment)
    with open_channels({"identity": config.peers["identity"]}, certificates) as channels:
        keys = RemoteVerificationKeys(fetch=published_over(channels["identity"]), clock=clock)
        rule = ReleaseRule(table=table, limits=ceilings, environment=config.environment)
        look_again = threading.Event()
        writer = GroupCommit(
            store=PostgresStore(leading, lease_seconds=config.lease_seconds),
            wrapping=wrapping,
            clock=clock,
            environment=config.environment,
            limits_digest=ceilings.digest,
            session_seconds=ceilings.session_seconds,
            most=config.batch,
            waiting=config.queue,
            lease_seconds=config.lease_seconds,
            changed=look_again.set,
            committed=metrics.committed_of(telemetry),
        )
        metrics.watch(telemetry, writer)
        watch = DatabaseWatch({"reader": reading, "writer": leading}, clock=clock, telemetry=telemetry)
        log = PostgresLog(reading)
        verify = ResumedTokens(keys=keys, environment=config.environment, clock=clock)
        people = LedgerServicer(
            enter_search=EnterSearch(writer=writer, rule=rule),
            enter_look=EnterLook(writer=writer, rule=rule),
            enter=Enter(writer=writer, rule=rule),
            enter_intake=EnterIntake(writer=writer, rule=rule),
            enter_own_children=EnterOwnChildren(writer=writer, rule=rule),
            count_own_involvements=CountOwnInvolvements(writer=writer, rule=rule),
            read_entries=ReadEntries(writer=writer, rule=rule, log=log),
            read_own_entries=ReadOwnEntries(writer=writer, rule=rule, log=log),
        )
        processes = ProcessServicer(
            enter_session=EnterSession(writer=writer, limits=ceilings),
            enter_refusals=EnterRefusals(writer=writer),
            enter_enrolment=EnterEnrolment(writer=writer),
            enter_founding=EnterFounding(writer=writer),
            enter_stop=EnterStop(writer=writer),
            open_index_key=OpenIndexKey(writer=writer),
            settle=Settle(writer=writer),
            list_unsettled_acts=ListUnsettledActs(writer=writer),
            resume_act=ResumeAct(writer=writer, log=log, rule=rule, verify=verify),
            list_ended_acts=ListEndedActs(writer=writer, log=log),
            lower_heads=LowerHeads(writer=writer, log=log),
            list_standing_changes=ListStandingChanges(writer=writer, log=log),
            reissue_standings=ReissueStandings(writer=writer, log=log),
            list_shield_steps=ListShieldSteps(writer=writer, log=log),
            recover_shield_steps=RecoverShieldSteps(writer=writer, log=log),
            reenter_shields=ReenterShields(writer=writer),
            reenter_standings=ReenterStandings(writer=writer),
            get_checkpoint=GetCheckpoint(writer=writer),
            list_leaves=ListLeaves(writer=writer, log=log),
        )

        def proven_size() -> int:
            writer.write(PUBLIC)
            return writer.size

        def register(listening: grpc.Server) -> None:
            stubs.add_LedgerServiceServicer_to_server(people, listening)
            stubs.add_ProcessServiceServicer_to_server(processes, listening)

        try:
            return server.serve(
                register,
                settings=server.ServerSettings.of(config),
                certificates=certificates,
                interceptors=[
                    *server.service_interceptors(
                        process=PROCESS,
                        environment=config.environment,
                        table=table,
                        keys=keys,
                        clock=clock,
                        telemetry=telemetry,
                    ),
                    NewestKnown(lambda: writer.size, proven_size),
                ],
                table=table,
                telemetry=telemetry,
                readiness={"": lambda: writer.is_ready, "leader": lambda: writer.is_leading},
                look_again=look_again,
                also_until_stopped=[writer.run, writer.guard, watch.loop],
            )
        finally:
            telemetry.stop()
            reading.dispose()
            leading.dispose()


def migrate(config: LedgerConfig) -> None:
    """Bring the database to the newest migration, as its owner."""
    if not config.database_owner_url:
        raise ConfigRefused(["database_owner_url: missing (address of the database for its owner)"])
    database.migrate(config.database_owner_url, MIGRATIONS)


def check(arguments: list[str]) -> int:
    """Recompute the whole log and compare it with a checkpoint; return 1, naming the first bad entry, if it differs."""
    parser = argparse.ArgumentParser(prog="python -m services.audit.ledger check-log")
    parser.add_argument("--config", type=Path, required=True, help="file of settings (TOML)")
    parser.add_argument("--checkpoint", type=Path, help="a signed checkpoint kept elsewhere; else the log's own newest")
    said = parser.parse_args(arguments)
    process.harden()
    try:
        config = load(LedgerConfig, said.config)
    except ConfigRefused as refused:
        print("\n".join(refused.problems), file=sys.stderr)
        return 78
    engine = database.engine_of(
        config.database_url, pool_size=1, statement_seconds=3600, application_name="audit.ledger.check"
    )
    wrapping = FileKeyWrapping(read_secret(config.root_secret), environment=config.environment)
    note = said.checkpoint.read_text("utf-8") if said.checkpoint else None
    try:
        checked = check_log(engine, wrapping, environment=config.environment, note=note, tell=print)
    except LogFaulty as faulty:
        print(f"FAULTY: {faulty}")
        return 1
    finally:
        engine.dispose()
    print(f"ok: {checked.entries} entries, root {checked.root.hex()}, checkpoint over {checked.checkpoint_size}")
    return 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["check-log"]:
        sys.exit(check(sys.argv[2:]))
    if sys.argv[1:2] and sys.argv[1] in gap_commands.COMMANDS:
        sys.exit(gap_commands.main(sys.argv[1], sys.argv[2:], tell=print))
    sys.exit(process.run(PROCESS, config=LedgerConfig, serve=serve, migrate=migrate))
