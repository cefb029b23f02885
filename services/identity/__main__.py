"""The process identity: `serve`, `migrate`, `check-config`, and the operator's `found` and `stop-service`."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from contactpoint.identity.v1 import identity_service_pb2_grpc as rpc
from sqlalchemy.engine import Engine

from services.identity import check_store, reenter
from services.identity.clients.ledger import NewestReceipt, RemoteLedger
from services.identity.config import IdentityConfig, driver_url, session_limits
from services.identity.domain.acts import Contact
from services.identity.mails import MailFolder
from services.identity.page_tokens import SealedPageTokens
from services.identity.passwords import Argon2Passwords, Gate
from services.identity.rpc import (
    AdministrationServicer,
    AuthorisationServicer,
    PeopleServicer,
    SessionServicer,
    SignInServicer,
    VerificationKeysServicer,
)
from services.identity.sealing import Seals
from services.identity.storage.accounts import SqlAccounts
from services.identity.storage.acts import SqlActs
from services.identity.storage.enrolments import SqlEnrolments
from services.identity.storage.outbox import SqlOutbox
from services.identity.storage.parties import SqlParties
from services.identity.storage.receipts import SqlReceipts
from services.identity.storage.refusals import SqlRefusals
from services.identity.storage.sessions import SqlSessions
from services.identity.storage.token_keys import SqlTokenKeys
from services.identity.upkeep import LOCKED_WORKS, Upkeep
from services.identity.use_cases.acknowledge_policy import AcknowledgePolicy
from services.identity.use_cases.add_person import AddPerson
from services.identity.use_cases.authorise import Authorise
from services.identity.use_cases.begin_enrolment import BeginEnrolment
from services.identity.use_cases.begin_mediation import BeginMediation
from services.identity.use_cases.change_accreditation import ChangeAccreditation
from services.identity.use_cases.change_person import ChangePerson
from services.identity.use_cases.complete_enrolment import CompleteEnrolment
from services.identity.use_cases.drive_on import DriveOn
from services.identity.use_cases.end_mediation import EndMediation
from services.identity.use_cases.end_sessions import EndSessions
from services.identity.use_cases.found import Found
from services.identity.use_cases.grant_role import GrantRole
from services.identity.use_cases.list_people import ListPeople
from services.identity.use_cases.list_sessions import ListSessions
from services.identity.use_cases.list_verification_keys import ListVerificationKeys
from services.identity.use_cases.name_people import NamePeople
from services.identity.use_cases.record_condition import RecordCondition
from services.identity.use_cases.register_organisation import RegisterOrganisation
from services.identity.use_cases.register_system import RegisterSystem
from services.identity.use_cases.reinstate_person import ReinstatePerson
from services.identity.use_cases.renew_enrolment import RenewEnrolment
from services.identity.use_cases.resume_service import ResumeService
from services.identity.use_cases.revoke_role import RevokeRole
from services.identity.use_cases.sign_in import SignIn
from services.identity.use_cases.sign_out import SignOut
from services.identity.use_cases.stop_service import METHOD as STOP_SERVICE
from services.identity.use_cases.stop_service import StopReason, StopService
from services.identity.use_cases.suspend_person import SuspendPerson
from services.identity.use_cases.three_steps import NOTHING_ENTERED, ThreeSteps
from services.runtime import database, process, server
from services.runtime.access import AccessTable, whole_table
from services.runtime.certificates import CertificateFiles, WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.clock import Clock, SystemClock
from services.runtime.config import ConfigRefused, load, read_secret
from services.runtime.database_watch import DatabaseWatch
from services.runtime.errors import ServiceError
from services.runtime.interceptors.limits import KNOWN_KEY
from services.runtime.telemetry import Telemetry, log_as_json

PROCESS = "identity"
LEDGER = "audit.ledger"
MIGRATIONS = Path(__file__).parent / "storage" / "migrations"
AUTHORISE = "/contactpoint.identity.v1.AuthorisationService/Authorise"
SIGN_IN = "/contactpoint.identity.v1.SignInService/SignIn"
_REFUSED = 3
_UNKNOWN = 4
_EX_CONFIG = 78


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The process, put together and not yet listening."""

    register: server.Register
    settings: server.ServerSettings
    certificates: WatchedCertificates
    interceptors: list[Any]
    """gRPC's own, generic over what nobody here needs to name."""
    table: AccessTable
    is_ready: Callable[[], bool]
    upkeep: Upkeep
    channel: PeerChannel
    engines: tuple[Engine, ...]

    def close(self) -> None:
        """Give back every connection."""
        self.channel.close()
        for engine in self.engines:
            engine.dispose()


def serve(config: IdentityConfig) -> int:
    """Serve until told to stop; return the exit code."""
    clock, telemetry = SystemClock(), Telemetry.of(config)
    identity = assemble(config, clock=clock, telemetry=telemetry)
    pools = dict(zip(("main", "authorise", "sign_in", "locks"), identity.engines, strict=True))
    watch = DatabaseWatch(pools, clock=clock, telemetry=telemetry)
    try:
        return server.serve(
            identity.register,
            settings=identity.settings,
            certificates=identity.certificates,
            interceptors=identity.interceptors,
            table=identity.table,
            readiness={"": identity.is_ready},
            also_until_stopped=[*identity.upkeep.loops(), watch.loop],
            telemetry=telemetry,
        )
    finally:
        identity.close()
        telemetry.stop()


def assemble(config: IdentityConfig, *, clock: Clock, telemetry: Telemetry) -> Identity:
    """Return the process that the settings describe: every dependency, top to bottom."""
    table, limits = whole_table(), session_limits(config.limits)
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    seals = Seals(read_secret(config.root_secret))

    # Storage. Authorise has connections of its own, so that no number of sign-ins makes it wait.
    engine = _engine(config, pool_size=min(config.workers, 8))
    quick = _engine(config, pool_size=config.authorise_workers).execution_options(isolation_level="AUTOCOMMIT")
    doors = _engine(config, pool_size=config.sign_in_workers)
    locks = _engine(config, pool_size=LOCKED_WORKS)
    environment = config.environment
    acts = SqlActs(engine=engine, seals=seals, clock=clock, pages=config.pages)
    parties = SqlParties(engine=engine, seals=seals, environment=environment)
    sessions = SqlSessions(engine=engine, quick=quick, seals=seals, environment=environment)
    accounts = SqlAccounts(engine=doors, seals=seals, environment=environment, clock=clock)
    enrolments = SqlEnrolments(engine=engine, seals=seals)
    refusals = SqlRefusals(engine=engine)
    receipts = SqlReceipts(engine=engine)
    token_keys = SqlTokenKeys(engine=engine, seals=seals, clock=clock)
    outbox = SqlOutbox(engine=engine, seals=seals, post=MailFolder(config.mail_dir))
    passwords = Argon2Passwords(seals=seals, gate=Gate(at_once=config.hashes_at_once or None))

    # The ledger.
    newest = NewestReceipt(receipts.newest())
    channel = _ledger_channel(config, certificates)
    channel.always_say(KNOWN_KEY, lambda: str(newest.index()))
    ledger = RemoteLedger(channel, newest)

    # What must be there before the first call.
    token_keys.rotate()
    with passwords.admitted():
        accounts.prepare_decoys(passwords.hash(secrets.token_urlsafe(32)))

    # Acts.
    three_steps = ThreeSteps(acts=acts, ledger=ledger, clock=clock)
    change_person = ChangePerson(parties=parties, three_steps=three_steps, clock=clock)
    sign_in = SignInServicer(
        sign_in=SignIn(
            accounts=accounts,
            passwords=passwords,
            sessions=sessions,
            parties=parties,
            ledger=ledger,
            limits=limits,
            clock=clock,
        ),
        begin_enrolment=BeginEnrolment(enrolments=enrolments, refusals=refusals, clock=clock),
        complete_enrolment=CompleteEnrolment(
            enrolments=enrolments,
            refusals=refusals,
            parties=parties,
            passwords=passwords,
            three_steps=three_steps,
            clock=clock,
        ),
    )
    own = SessionServicer(
        sign_out=SignOut(three_steps=three_steps),
        list_sessions=ListSessions(sessions=sessions, clock=clock, limits=limits),
        end_sessions=EndSessions(sessions=sessions, three_steps=three_steps),
        acknowledge_policy=AcknowledgePolicy(change_person=change_person),
        begin_mediation=BeginMediation(parties=parties, ledger=ledger, three_steps=three_steps, clock=clock),
        end_mediation=EndMediation(three_steps=three_steps),
    )
    people = PeopleServicer(name_people=NamePeople(parties=parties))
    administration = AdministrationServicer(
        register_organisation=RegisterOrganisation(three_steps=three_steps),
        change_accreditation=ChangeAccreditation(parties=parties, three_steps=three_steps, clock=clock),
        register_system=RegisterSystem(parties=parties, three_steps=three_steps),
        add_person=AddPerson(parties=parties, three_steps=three_steps),
        renew_enrolment=RenewEnrolment(change_person=change_person),
        record_condition=RecordCondition(change_person=change_person),
        grant_role=GrantRole(change_person=change_person),
        revoke_role=RevokeRole(change_person=change_person),
        suspend_person=SuspendPerson(change_person=change_person),
        reinstate_person=ReinstatePerson(change_person=change_person),
        resume_service=ResumeService(parties=parties, three_steps=three_steps, clock=clock),
        list_people=ListPeople(parties=parties, page_tokens=SealedPageTokens(seals), clock=clock),
    )
    authorisation = AuthorisationServicer(
        authorise=Authorise(
            sessions=sessions,
            ledger=ledger,
            refusals=refusals,
            signer=token_keys,
            table=table,
            environment=environment,
            limits=limits,
            clock=clock,
        )
    )
    keys = VerificationKeysServicer(
        list_verification_keys=ListVerificationKeys(published=token_keys.published),
    )

    def register(to: grpc.Server) -> None:
        rpc.add_SignInServiceServicer_to_server(sign_in, to)
        rpc.add_SessionServiceServicer_to_server(own, to)
        rpc.add_PeopleServiceServicer_to_server(people, to)
        rpc.add_AdministrationServiceServicer_to_server(administration, to)
        rpc.add_AuthorisationServiceServicer_to_server(authorisation, to)
        rpc.add_VerificationKeysServiceServicer_to_server(keys, to)

    upkeep = Upkeep(
        locks=locks,
        clock=clock,
        ledger=ledger,
        newest=newest,
        acts=acts,
        sessions=sessions,
        enrolments=enrolments,
        outbox=outbox,
        refusals=refusals,
        receipts=receipts,
        token_keys=token_keys,
        drive_on=DriveOn(acts=acts, ledger=ledger, clock=clock),
        telemetry=telemetry,
    )
    return Identity(
        register=register,
        settings=server.ServerSettings.of(
            config, own_pools={AUTHORISE: config.authorise_workers, SIGN_IN: config.sign_in_workers}
        ),
        certificates=certificates,
        interceptors=server.service_interceptors(
            process=PROCESS, environment=environment, table=table, keys=token_keys, clock=clock, telemetry=telemetry
        ),
        table=table,
        is_ready=lambda: database.can_read(engine),
        upkeep=upkeep,
        channel=channel,
        engines=(engine, quick, doors, locks),
    )


def migrate(config: IdentityConfig) -> None:
    """Bring the database to the newest migration, as its owner."""
    database.migrate(driver_url(config.database_owner_url or config.database_url), MIGRATIONS)


def found(arguments: list[str]) -> int:
    """Found the service and send link and code; return the exit code: 3 when there was nothing to found.

    Ends with 2 if the command line says too little, with 78 if the settings cannot be used.
    """
    parser = argparse.ArgumentParser(prog="python -m services.identity found")
    parser.add_argument("--config", type=Path, required=True, help="file of settings (TOML)")
    parser.add_argument("--organisation", required=True, help="name of the first organisation")
    parser.add_argument("--system", type=uuid.UUID, required=True, help="id in the certificate of its system")
    parser.add_argument("--name", required=True, help="full name of the first administrator")
    parser.add_argument("--username", required=True, help="user name of the first administrator")
    parser.add_argument("--email", required=True, help="where the link goes")
    parser.add_argument("--manager-email", required=True, help="where the code goes: another person's address")
    said = parser.parse_args(arguments)
    if said.email.casefold() == said.manager_email.casefold():
        parser.error("link and code go to two people: the addresses must differ")
    process.harden()
    log_as_json(PROCESS)
    try:
        config = load(IdentityConfig, said.config)
    except ConfigRefused as refused:
        print(*refused.problems, sep="\n", file=sys.stderr)
        return _EX_CONFIG
    clock = SystemClock()
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    seals = Seals(read_secret(config.root_secret))
    engine = _engine(config, pool_size=2)
    contact = Contact(name=said.name, email=said.email, manager_email=said.manager_email, proofs=("OPERATOR",))
    with _ledger_channel(config, certificates) as channel:
        founding = Found(
            parties=SqlParties(engine=engine, seals=seals, environment=config.environment),
            acts=SqlActs(engine=engine, seals=seals, clock=clock, pages=config.pages),
            ledger=RemoteLedger(channel, NewestReceipt(SqlReceipts(engine=engine).newest())),
            environment=config.environment,
            clock=clock,
        )
        try:
            founded = founding(
                organisation=said.organisation, system=str(said.system), username=said.username, contact=contact
            )
        except ServiceError as refusal:
            print(f"{refusal.reason}: {refusal.sentence}", file=sys.stderr)
            return _REFUSED
    SqlOutbox(engine=engine, seals=seals, post=MailFolder(config.mail_dir)).deliver()
    print(json.dumps({"organisation_id": founded.organisation, "person_id": founded.person}))
    return 0


def stop_service(arguments: list[str]) -> int:
    """Stop the whole service; return the exit code: 3 when it was refused, 4 when nobody knows whether it was stopped.

    Ends with 2 if the command line says too little, with 78 if the settings cannot be used.
    """
    parser = argparse.ArgumentParser(prog=f"python -m services.identity {STOP_SERVICE}")
    parser.add_argument("--config", type=Path, required=True, help="file of settings (TOML)")
    parser.add_argument("--reason", choices=[one.value for one in StopReason], required=True, help="why, for the log")
    said = parser.parse_args(arguments)
    process.harden()
    log_as_json(PROCESS)
    try:
        config = load(IdentityConfig, said.config)
    except ConfigRefused as refused:
        print(*refused.problems, sep="\n", file=sys.stderr)
        return _EX_CONFIG
    clock = SystemClock()
    certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
    seals = Seals(read_secret(config.root_secret))
    engine = _engine(config, pool_size=2)
    with _ledger_channel(config, certificates) as channel:
        stop = StopService(
            parties=SqlParties(engine=engine, seals=seals, environment=config.environment),
            acts=SqlActs(engine=engine, seals=seals, clock=clock, pages=config.pages),
            ledger=RemoteLedger(channel, NewestReceipt(SqlReceipts(engine=engine).newest())),
            clock=clock,
        )
        try:
            receipt = stop(StopReason(said.reason))
        except ServiceError as refusal:
            print(f"{refusal.reason}: {refusal.sentence}", file=sys.stderr)
            return _REFUSED if refusal.status in NOTHING_ENTERED else _UNKNOWN
    print(json.dumps({"entry": receipt.index, "stopped": True}))
    return 0


def _engine(config: IdentityConfig, *, pool_size: int) -> Engine:
    return database.engine_of(driver_url(config.database_url), pool_size=pool_size, application_name=PROCESS)


def _ledger_channel(config: IdentityConfig, certificates: WatchedCertificates) -> PeerChannel:
    return PeerChannel(
        process=LEDGER, address=config.peers[LEDGER], certificates=certificates, forward_errors=True, is_led=True
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["found"]:
        sys.exit(found(sys.argv[2:]))
    if sys.argv[1:2] == ["check-store"]:
        sys.exit(check_store.main(sys.argv[2:], tell=print))
    if sys.argv[1:2] == ["reenter"]:
        sys.exit(reenter.main(sys.argv[2:], tell=print))
    if sys.argv[1:2] == [STOP_SERVICE]:
        sys.exit(stop_service(sys.argv[2:]))
    sys.exit(process.run(PROCESS, config=IdentityConfig, serve=serve, migrate=migrate))
