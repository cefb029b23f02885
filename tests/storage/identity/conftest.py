"""One PostgreSQL for the folder; the storage of identity as its role that serves has it, beside a ledger in memory."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.identity import standing_format
from services.identity.domain.acts import ActName, ChangeOfStanding, Contact, NewPerson, PendingAct, Shape
from services.identity.domain.standing import PersonStanding, username_digest
from services.identity.mails import MailFolder
from services.identity.sealing import Seals
from services.identity.storage.accounts import SqlAccounts
from services.identity.storage.acts import SqlActs
from services.identity.storage.outbox import SqlOutbox
from services.identity.storage.parties import SqlParties
from services.identity.use_cases.drive_on import DriveOn
from services.identity.use_cases.found import Found
from services.identity.use_cases.three_steps import ThreeSteps
from tests.fakes.identity_ledger import FakeLedger
from tests.support.acts import SetClock
from tests.support.postgres import TestDatabase, migrated, running_postgres

TABLES = (
    "standing, organisation, system, person, credential, guesses, session, session_factor, pending_act, act, enrolment,"
    " outbox, refusal, token_key, newest_receipt"
)


@dataclass
class Store:
    """Identity's storage and what stands round it."""

    engine: Engine
    owner: Engine
    clock: SetClock
    ledger: FakeLedger
    seals: Seals
    acts: SqlActs
    parties: SqlParties
    accounts: SqlAccounts
    outbox: SqlOutbox
    mail: Path

    @property
    def found(self) -> Found:
        return Found(
            parties=self.parties, acts=self.acts, ledger=self.ledger, environment="synthetic", clock=self.clock
        )

    @property
    def steps(self) -> ThreeSteps:
        return ThreeSteps(acts=self.acts, ledger=self.ledger, clock=self.clock, pause_seconds=0.0)

    @property
    def drive_on(self) -> DriveOn:
        return DriveOn(acts=self.acts, ledger=self.ledger, clock=self.clock)

    def do_found(self) -> str:
        """Found the service and return the first organisation's id."""
        contact = Contact(name="First", email="first@example.org", manager_email="second@example.org")
        founded = self.found(organisation="Department", system=str(uuid.uuid4()), username="national", contact=contact)
        return founded.organisation

    def a_new_person(self, organisation: str, username: str = "", **changed: Any) -> PendingAct:
        """Return the act that adds a person, not yet begun."""
        person = str(uuid.uuid4())
        username = username or f"nurse-{person[:8]}"
        content = standing_format.write(
            PersonStanding(person=person, organisation=organisation, username_digest=username_digest(username))
        )
        effect = ChangeOfStanding(
            party=standing_format.read_person(person, content).party,
            previous_digest=b"",
            standing=content,
            digest=standing_format.digest(content),
            change="PERSON_ADDED",
        )
        contact = Contact(name="A", email=f"{username}@example.org", manager_email="boss@example.org")
        fields: dict[str, Any] = {
            "name": ActName("admin", "/m", str(uuid.uuid4())),
            "request_digest": b"r" * 32,
            "subject": effect.party,
            "shape": Shape.TOKEN,
            "effect": effect,
            "addition": NewPerson(organisation=organisation, username=username, contact=contact),
            "token": "token",
            "started_at": self.clock.now(),
        }
        return PendingAct(**{**fields, **changed})

    def count(self, table: str) -> int:
        """Return how many rows a table has."""
        with self.owner.connect() as connection:
            return int(connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0)


@pytest.fixture(scope="package")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestDatabase]:
    with running_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield migrated(server, "identity")


@pytest.fixture
def store(database: TestDatabase, tmp_path: Path) -> Iterator[Store]:
    engine, owner = database.engine(pool_size=16), database.owner_engine()
    with owner.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {TABLES} CASCADE"))
    clock, seals = SetClock(), Seals(bytes(range(32)))
    yield Store(
        engine=engine,
        owner=owner,
        clock=clock,
        ledger=FakeLedger(clock),
        seals=seals,
        acts=SqlActs(engine=engine, seals=seals, clock=clock),
        parties=SqlParties(engine=engine, seals=seals, environment="synthetic"),
        accounts=SqlAccounts(engine=engine, seals=seals, environment="synthetic", clock=clock),
        outbox=SqlOutbox(engine=engine, seals=seals, post=MailFolder(tmp_path / "mail")),
        mail=tmp_path / "mail",
    )
    engine.dispose()
    owner.dispose()
