"""Identity over real mutual TLS and a real PostgreSQL, beside a fake ledger, with a clock that is moved by hand."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import sqlalchemy as sa
from contactpoint.access.v1 import access_pb2
from contactpoint.audit.ledger.v1 import ledger_service_pb2_grpc as ledger_rpc
from contactpoint.identity.v1 import identity_service_pb2 as pb
from contactpoint.identity.v1 import identity_service_pb2_grpc as rpc
from contactpoint.identity.v1 import standing_pb2
from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from sqlalchemy.engine import Engine

from deploy.local import databases
from services.identity import __main__ as main
from services.identity import one_time_codes
from services.identity.config import IdentityConfig
from services.identity.domain.acts import Contact
from services.identity.sealing import Seals
from services.identity.storage.parties import SqlParties
from services.identity.use_cases.found import Found, Founded
from services.runtime import server
from services.runtime.access import whole_table
from services.runtime.certificates import WatchedCertificates
from services.runtime.channels import PeerChannel
from services.runtime.errors import ServiceError, from_wire
from services.runtime.interceptors.limits import ACT_KEY, CHANNEL_KEY
from services.runtime.telemetry import Telemetry
from services.runtime.tokens import VerificationKeys
from tests.fakes.identity_ledger import FakeLedger, LedgerServicer, ProcessServicer
from tests.support.acts import SetClock
from tests.support.pki import Authority
from tests.support.postgres import TestDatabase

ENVIRONMENT = "synthetic"
WEB = "a" * 64
PASSWORD = "rivers under seven chestnut moons"
ANY = None


@dataclass
class Person:
    """One person of the town, with what that person alone keeps."""

    id: str
    username: str
    email: str
    manager_email: str
    password: str = PASSWORD
    secret: str = ""
    session: str = ""
    channel: str = WEB
    last_step: int = 0


@dataclass
class Town:
    """Everything that a test of identity needs."""

    clock: SetClock
    ledger: FakeLedger
    identity: main.Identity
    channel: PeerChannel
    stranger: PeerChannel
    engine: Engine
    owner: Engine
    mail: Path
    config: IdentityConfig
    founded: Founded | None = None
    administrator: Person | None = None
    departments: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make the stubs, as the edge has them."""
        self.sign_in_service = rpc.SignInServiceStub(self.channel)
        self.sessions = rpc.SessionServiceStub(self.channel)
        self.people = rpc.PeopleServiceStub(self.channel)
        self.administration = rpc.AdministrationServiceStub(self.channel)
        self.authorisation = rpc.AuthorisationServiceStub(self.channel)

    # What the edge does.

    def authorise(
        self,
        session: str,
        method: str,
        request: bytes = b"",
        *,
        channel: str = WEB,
        channel_name: str = "",
        system: str = "",
    ) -> str:
        """Return the token for one call; raises what identity says."""
        asked = pb.AuthoriseRequest(
            session=session,
            method=method,
            request_digest=hashlib.sha256(request).digest(),
            channel=channel,
            channel_name=channel_name,
            system=system,
        )
        return str(self.channel.call(self.authorisation.Authorise, asked, idempotent=False).token)

    def call(self, who: Person, service: str, name: str, request: Message, *, system: str = "") -> Any:
        """Make one call of a signed-in person as the edge does: authorise, then forward."""
        method = f"/contactpoint.identity.v1.{service}/{name}"
        token = self.authorise(who.session, method, request.SerializeToString(), channel=who.channel, system=system)
        return self.forward(service, name, request, token, channel=who.channel)

    def forward(self, service: str, name: str, request: Message, token: str | None, *, channel: str = WEB) -> Any:
        """Make one call with this token."""
        stubs = {
            "SignInService": self.sign_in_service,
            "SessionService": self.sessions,
            "PeopleService": self.people,
            "AdministrationService": self.administration,
        }
        metadata = [(CHANNEL_KEY, channel)] + ([(ACT_KEY, token)] if token is not None else [])
        return self.channel.call(getattr(stubs[service], name), request, idempotent=False, metadata=metadata)

    # What people do.

    def sign_in(self, who: Person, *, password: str | None = None, code: str | None = None, channel: str = WEB) -> Any:
        """Sign a person in, who waits for a code not used before."""
        if code is None:
            self.fresh_code(who)
            code = self.code(who)
        request = pb.SignInRequest(username=who.username, password=password or who.password, code=code)
        answer = self.forward("SignInService", "SignIn", request, None, channel=channel)
        who.session, who.channel = answer.session, channel
        return answer

    def code(self, who: Person) -> str:
        """Return what the person's authenticator shows now."""
        return one_time_codes.code_at(who.secret, self.clock.now())

    def fresh_code(self, who: Person) -> None:
        """Let time pass until the authenticator shows a code that was not used."""
        step = int(self.clock.now().timestamp()) // 30
        if step <= who.last_step:
            self.clock.move(30 * (who.last_step - step + 1))
        who.last_step = max(step, who.last_step + 1)

    def mail_to(self, address: str) -> str:
        """Return the newest mail to an address."""
        self.identity.upkeep.outbox.deliver()
        found = sorted(path for path in self.mail.glob("*.eml") if path.name.endswith(f"-{address}.eml"))
        return found[-1].read_text()

    def link_and_code(self, who: Person) -> tuple[str, str]:
        """Return what came by mail: the person's link token, and the manager's code."""
        link = re.search(r"Link token: ([\w-]{43})", self.mail_to(who.email))
        code = re.search(r"Code: ([0-9]{8})", self.mail_to(who.manager_email))
        assert link is not None
        assert code is not None
        return link[1], code[1]

    def begin_enrolment(self, link: str, code: str) -> Any:
        """Show link and code."""
        request = pb.BeginEnrolmentRequest(link_token=link, code=code)
        return self.forward("SignInService", "BeginEnrolment", request, None)

    def complete_enrolment(self, link: str, code: str, password: str, totp_code: str) -> Any:
        """Bind both factors."""
        request = pb.CompleteEnrolmentRequest(link_token=link, code=code, password=password, totp_code=totp_code)
        return self.forward("SignInService", "CompleteEnrolment", request, None)

    def enrol(self, who: Person) -> None:
        """Enrol a person from the mails."""
        link, code = self.link_and_code(who)
        who.secret = self.begin_enrolment(link, code).totp_secret
        self.complete_enrolment(link, code, who.password, self.code(who))
        who.last_step = int(self.clock.now().timestamp()) // 30

    # What administrators do.

    def administer(self, name: str, request: Message, *, who: Person | None = None) -> Any:
        """Make one call of AdministrationService, of the national administrator unless `who` is said."""
        return self.call(who or self.admin(), "AdministrationService", name, request)

    def admin(self) -> Person:
        """Return the national administrator, signed in."""
        assert self.administrator is not None
        who = self.administrator
        if who.session:
            try:
                self.authorise(
                    who.session, "/contactpoint.identity.v1.SessionService/ListSessions", channel=who.channel
                )
            except ServiceError:
                who.session = ""
        if not who.session:
            self.sign_in(who)
        return who

    def add_organisation(self, name: str = "St Mary's", *, state: str = "LIVE", authority: str = "E08000035") -> str:
        """Register an organisation and bring it to a state."""
        made = self.administer(
            "RegisterOrganisation",
            pb.RegisterOrganisationRequest(
                idempotency_key=key(), name=name, kind=pb.ORGANISATION_KIND_PARTNER, authority=authority
            ),
        )
        self.accredit(made.organisation_id, state)
        return str(made.organisation_id)

    def accredit(self, organisation: str, state: str, *, days: float = 365) -> None:
        """Bring an organisation to a state of accreditation."""
        self.administer(
            "ChangeAccreditation",
            pb.ChangeAccreditationRequest(
                idempotency_key=key(),
                organisation_id=organisation,
                state=standing_pb2.AccreditationState.Value(f"ACCREDITATION_STATE_{state}"),
                expires_at=self.stamp(days=days),
            ),
        )

    def add_person(self, organisation: str, username: str | None = None, *, who: Person | None = None) -> Person:
        """Enter a person."""
        username = username or f"nurse-{uuid.uuid4().hex[:8]}"
        person = Person("", username, f"{username}@example.org", f"manager-of-{username}@example.org")
        request = pb.AddPersonRequest(
            idempotency_key=key(),
            organisation_id=organisation,
            name="Amina Okafor",
            username=username,
            email=person.email,
            manager_email=person.manager_email,
            proofs=["PASSPORT"],
        )
        person.id = self.administer("AddPerson", request, who=who).person_id
        return person

    def record(self, person: Person, **fact: Any) -> None:
        """Record one condition."""
        self.administer(
            "RecordCondition", pb.RecordConditionRequest(idempotency_key=key(), person_id=person.id, **fact)
        )

    def grant(self, person: Person, role: str, *, days: float = 100, who: Person | None = None) -> None:
        """Grant a role."""
        self.administer(
            "GrantRole",
            pb.GrantRoleRequest(
                idempotency_key=key(),
                person_id=person.id,
                role=access_pb2.Role.Value(role),
                expires_at=self.stamp(days=days),
                need="Works with children",
            ),
            who=who,
        )

    def fulfil(self, person: Person) -> None:
        """Record every condition."""
        self.record(person, checked_at=self.stamp(days=-30))
        self.record(person, is_barred_list_clear=True)
        self.record(person, training_valid_until=self.stamp(days=300))
        self.record(person, sponsored_until=self.stamp(days=300))

    def new_person(self, organisation: str, *roles: str, acknowledges: bool = True) -> Person:
        """Return somebody who is enrolled, meets every condition, holds the roles and is signed in."""
        person = self.add_person(organisation)
        self.fulfil(person)
        for role in roles or ("ROLE_PRACTITIONER",):
            self.grant(person, role)
        self.enrol(person)
        self.sign_in(person)
        if acknowledges:
            request = pb.AcknowledgePolicyRequest(idempotency_key=key(), policy_version=1)
            self.call(person, "SessionService", "AcknowledgePolicy", request)
        return person

    def stamp(self, *, days: float = 0) -> Timestamp:
        """Return a time some days from now."""
        made = Timestamp()
        made.FromDatetime(self.clock.now() + timedelta(days=days))
        return made

    # What whoever runs the database does.

    def sql(self, statement: str, **values: Any) -> list[Any]:
        """Run a statement as the owner of every table."""
        with self.owner.begin() as connection:
            found = connection.execute(sa.text(statement), values)
            return list(found.all()) if found.returns_rows else []


def key() -> str:
    """Return a new idempotency key."""
    return str(uuid.uuid4())


@contextmanager
def running_town(folder: Path, database: TestDatabase) -> Iterator[Town]:
    """Yield a founded service whose first administrator is enrolled."""
    with ExitStack() as stack:
        authority = Authority(folder / "pki")
        clock = SetClock()
        ledger = FakeLedger(clock)
        town_keys: list[Any] = []
        ledger_server = stack.enter_context(running_ledger(authority, clock, ledger, lambda: town_keys[0]))
        issued = authority.process("identity")
        root = folder / "root"
        root.touch(mode=0o600)
        root.write_bytes(bytes(range(1, 33)))
        config = IdentityConfig(
            process="identity",
            environment=ENVIRONMENT,
            port=0,
            health_port=0,
            certificate=issued.files.certificate,
            private_key=issued.files.private_key,
            ca=issued.files.ca,
            telemetry_dir=folder / "telemetry",
            peers={"audit.ledger": f"127.0.0.1:{ledger_server.port}"},
            database_url=database.server.url(database.process.database, databases.server_role(database.process)),
            root_secret=root,
            mail_dir=folder / "mail",
            drain_seconds=1.0,
            workers=32,
            waiting=128,
            sign_in_workers=32,
        )
        identity = main.assemble(config, clock=clock, telemetry=Telemetry.nothing())
        stack.callback(identity.close)
        town_keys.append(identity.upkeep.token_keys)
        # Without the loops: tests do the periodic work when it is due.
        running = stack.enter_context(
            server.start(
                identity.register,
                settings=identity.settings,
                certificates=identity.certificates,
                interceptors=identity.interceptors,
                table=identity.table,
            )
        )
        address = f"127.0.0.1:{running.port}"
        edge = stack.enter_context(_channel("gateway.edge", "identity", authority, address))
        stranger = stack.enter_context(_channel("directory", "identity", authority, address))
        engine, owner = database.engine(), database.owner_engine()
        stack.callback(engine.dispose)
        stack.callback(owner.dispose)
        town = Town(
            clock=clock,
            ledger=ledger,
            identity=identity,
            channel=edge,
            stranger=stranger,
            engine=engine,
            owner=owner,
            mail=config.mail_dir,
            config=config,
        )
        _found(town)
        yield town


def _found(town: Town) -> None:
    upkeep = town.identity.upkeep
    founding = Found(
        parties=SqlParties(engine=town.engine, seals=Seals(bytes(range(1, 33))), environment=ENVIRONMENT),
        acts=upkeep.acts,
        ledger=upkeep.ledger,
        environment=ENVIRONMENT,
        clock=town.clock,
    )
    who = Person("", "national", "national@example.org", "secretary@example.org")
    contact = Contact(name="Frances Holt", email=who.email, manager_email=who.manager_email)
    town.founded = founding(organisation="Department", system=str(uuid.uuid4()), username=who.username, contact=contact)
    who.id = town.founded.person
    town.administrator = who
    town.enrol(who)


@contextmanager
def running_ledger(
    authority: Authority, clock: SetClock, ledger: FakeLedger, keys: Callable[[], VerificationKeys]
) -> Iterator[server.RunningServer]:
    """Yield a server that keeps the ledger's promises to identity, over mutual TLS with every interceptor in place."""
    issued = authority.process("audit.ledger")
    table = whole_table()

    class Keys:
        def key(self, kid: str) -> Any:
            return keys().key(kid)

    def register(to: grpc.Server) -> None:
        ledger_rpc.add_LedgerServiceServicer_to_server(LedgerServicer(ledger), to)  # type: ignore[abstract]  # identity calls no more of it
        ledger_rpc.add_ProcessServiceServicer_to_server(ProcessServicer(ledger, Keys), to)  # type: ignore[abstract]  # identity calls no more of it

    settings = server.ServerSettings(
        process="audit.ledger",
        host="127.0.0.1",
        port=0,
        health_port=0,
        workers=16,
        waiting=64,
        drain_seconds=1.0,
        connection_age_seconds=600.0,
    )
    interceptors = server.service_interceptors(
        process="audit.ledger",
        environment=ENVIRONMENT,
        table=table,
        keys=Keys(),
        clock=clock,
        telemetry=Telemetry.nothing(),
    )
    with server.start(
        register,
        settings=settings,
        certificates=WatchedCertificates(issued.files),
        interceptors=interceptors,
        table=table,
    ) as running:
        yield running


def _channel(process: str, to: str, authority: Authority, address: str) -> PeerChannel:
    issued = authority.process(process, name=f"{process}-client")
    return PeerChannel(process=to, address=address, certificates=WatchedCertificates(issued.files), forward_errors=True)


def refusal(call: Any) -> ServiceError:
    """Return what a call is refused with."""
    try:
        call()
    except ServiceError as error:
        return error
    except grpc.RpcError as error:
        return from_wire(error)
    raise AssertionError("it was not refused")


__all__ = ["PASSWORD", "WEB", "Person", "Town", "datetime", "key", "refusal", "running_ledger", "running_town"]
