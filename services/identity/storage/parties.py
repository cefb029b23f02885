"""Organisations, systems and people, and their standings."""

from __future__ import annotations

import hmac
import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from services.identity.domain.acts import Contact, NewOrganisation, NewPerson, NewSystem
from services.identity.domain.standing import (
    OrganisationStanding,
    PersonStanding,
    ServiceStanding,
    Stored,
    SystemStanding,
    spelt,
    username_digest,
)
from services.identity.ports import ListedPerson, NamedOrganisation, NamedPerson
from services.identity.sealing import SealBroken, Seals
from services.identity.storage import standings
from services.runtime.clock import Clock
from services.runtime.database import transaction

log = logging.getLogger(__name__)

_CONTACT = "contact"

_STANDING = sa.text("SELECT bytes FROM standing WHERE party_kind = :kind AND party_id = :id")
_CONTACT_OF = sa.text("SELECT sealed_contact FROM person WHERE id = :id")
_CALLED = sa.text(
    """
    SELECT p.id, s.bytes FROM person p JOIN standing s ON s.party_kind = 'person' AND s.party_id = p.id::text
    WHERE p.username = :username
    """
)
_NAMED_PEOPLE = sa.text(
    """
    SELECT p.id, p.sealed_contact, s.bytes
    FROM person p JOIN standing s ON s.party_kind = 'person' AND s.party_id = p.id::text
    WHERE p.id = ANY(CAST(:ids AS uuid[]))
    """
)
_NAMED_ORGANISATIONS = sa.text(
    """
    SELECT o.id, o.name, s.bytes
    FROM organisation o JOIN standing s ON s.party_kind = 'organisation' AND s.party_id = o.id::text
    WHERE o.id = ANY(CAST(:ids AS uuid[]))
    """
)
_PEOPLE = sa.text(
    """
    SELECT p.id, p.username, p.sealed_contact, s.bytes
    FROM person p JOIN standing s ON s.party_kind = 'person' AND s.party_id = p.id::text
    WHERE p.organisation_id = :organisation AND p.username > :after
    ORDER BY p.username
    LIMIT :most
    """
)
_ADD_ORGANISATION = sa.text(
    "INSERT INTO organisation (id, name, kind, authority, created_at) VALUES (:id, :name, :kind, :authority, :now)"
)
_ADD_SYSTEM = sa.text(
    "INSERT INTO system (id, organisation_id, name, created_at) VALUES (:id, :organisation, :name, :now)"
)
_ADD_PERSON = sa.text(
    """
    INSERT INTO person (id, organisation_id, username, sealed_contact, created_at)
    VALUES (:id, :organisation, :username, :sealed, :now)
    """
)


class SqlParties:
    """Reads parties from PostgreSQL."""

    def __init__(self, *, engine: Engine, seals: Seals, environment: str) -> None:
        self._engine = engine
        self._seals = seals
        self._environment = environment

    def person(self, person: str) -> Stored[PersonStanding] | None:
        return standings.person(person, self._bytes("person", person))

    def organisation(self, organisation: str) -> Stored[OrganisationStanding] | None:
        return standings.organisation(organisation, self._bytes("organisation", organisation))

    def system(self, system: str) -> Stored[SystemStanding] | None:
        return standings.system(system, self._bytes("system", system))

    def service(self) -> Stored[ServiceStanding] | None:
        return standings.service(self._environment, self._bytes("service", self._environment))

    def contact(self, person: str) -> Contact | None:
        with transaction(self._engine) as connection:
            sealed = connection.scalar(_CONTACT_OF, {"id": person})
        return None if sealed is None else open_contact(self._seals, person, sealed)

    def person_called(self, username: str) -> Stored[PersonStanding] | None:
        name = spelt(username)
        with transaction(self._engine) as connection:
            row = connection.execute(_CALLED, {"username": name}).first()
        found = None if row is None else standings.person(row.id, row.bytes)
        # The column finds; whose name it is, the standing says.
        if found is None or not hmac.compare_digest(found.standing.username_digest, username_digest(name)):
            return None
        return found

    def named_people(self, people: Sequence[str]) -> Mapping[str, NamedPerson]:
        with transaction(self._engine) as connection:
            rows = connection.execute(_NAMED_PEOPLE, {"ids": list(people)}).all()
        found = {}
        for row in rows:
            person = str(row.id)
            stored, contact = standings.person(person, row.bytes), open_contact(self._seals, person, row.sealed_contact)
            if stored is not None and contact is not None:
                found[person] = NamedPerson(person=person, name=contact.name, organisation=stored.standing.organisation)
        return found

    def named_organisations(self, organisations: Sequence[str]) -> Mapping[str, NamedOrganisation]:
        with transaction(self._engine) as connection:
            rows = connection.execute(_NAMED_ORGANISATIONS, {"ids": list(organisations)}).all()
        found = {}
        for row in rows:
            organisation = str(row.id)
            if (stored := standings.organisation(organisation, row.bytes)) is not None:
                found[organisation] = NamedOrganisation(
                    organisation=organisation, name=row.name, authority=stored.standing.authority
                )
        return found

    def people_of(self, organisation: str, *, after: str, most: int) -> Sequence[ListedPerson]:
        named = {"organisation": organisation, "after": after, "most": most}
        with transaction(self._engine) as connection:
            rows = connection.execute(_PEOPLE, named).all()
        found = []
        for row in rows:
            stored = standings.person(row.id, row.bytes)
            contact = open_contact(self._seals, str(row.id), row.sealed_contact)
            if stored is not None and contact is not None:
                found.append(ListedPerson(username=row.username, name=contact.name, standing=stored.standing))
        return found

    def _bytes(self, kind: str, party: str) -> bytes | None:
        with transaction(self._engine) as connection:
            found: bytes | None = connection.scalar(_STANDING, {"kind": kind, "id": party})
        return found


def open_contact(seals: Seals, person: str, sealed: bytes) -> Contact | None:
    """Return a person's contact, None if its seal is not ours: a mail goes nowhere that an act did not name."""
    try:
        named = json.loads(seals.open(_CONTACT, bytes(sealed), person))
    except SealBroken:
        log.error("contact_seal_broken")  # noqa: TRY400  # the trace would show nothing more
        return None
    return Contact(**{**named, "proofs": tuple(named["proofs"])})


def add_organisation(connection: Connection, clock: Clock, organisation: str, new: NewOrganisation) -> None:
    """Insert an organisation."""
    named = {"id": organisation, "name": new.name, "kind": new.kind, "authority": new.authority}
    connection.execute(_ADD_ORGANISATION, {**named, "now": clock.now()})


def add_system(connection: Connection, clock: Clock, system: str, new: NewSystem) -> None:
    """Insert a system."""
    named = {"id": system, "organisation": new.organisation, "name": new.name}
    connection.execute(_ADD_SYSTEM, {**named, "now": clock.now()})


def add_person(connection: Connection, clock: Clock, seals: Seals, person: str, new: NewPerson) -> None:
    """Insert a person, whose name and addresses are sealed to that person's row."""
    sealed = seals.seal(_CONTACT, json.dumps(asdict(new.contact)).encode(), person)
    named = {"id": person, "organisation": new.organisation, "username": new.username, "sealed": sealed}
    connection.execute(_ADD_PERSON, {**named, "now": clock.now()})


def as_uuid(text: str) -> str:
    """Return a UUID in its one spelling; raises ValueError."""
    return str(uuid.UUID(text))
