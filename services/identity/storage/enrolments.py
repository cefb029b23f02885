"""Enrolments under way: one a person, link and code as keyed tags, bound to the person by a seal over the row."""

from __future__ import annotations

import logging
import secrets
import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from services.identity import mails, one_time_codes
from services.identity.domain.enrolment import LIFE, TRIES, Enrolment
from services.identity.sealing import Seals
from services.identity.storage import outbox, parties
from services.runtime.clock import Clock
from services.runtime.database import transaction
from services.runtime.errors import DependencyUnavailable

log = logging.getLogger(__name__)

SECRET = "totp"  # noqa: S105  # the name of a seal
_CODE_DIGITS = 8
_LINK_BYTES = 32

_BEGIN = sa.text(
    """
    INSERT INTO enrolment
        (id, person_id, act_key, vouched_by, link_tag, code_tag, expires_at, tries_left, sealed_secret, seal)
    VALUES (:id, :person, :act_key, :vouched_by, :link_tag, :code_tag, :expires_at, :tries, :sealed_secret, :seal)
    ON CONFLICT (person_id) DO UPDATE SET
        id = excluded.id, act_key = excluded.act_key, vouched_by = excluded.vouched_by, link_tag = excluded.link_tag,
        code_tag = excluded.code_tag, expires_at = excluded.expires_at, tries_left = excluded.tries_left,
        sealed_secret = excluded.sealed_secret, seal = excluded.seal
    """
)
_OPEN = sa.text(
    """
    SELECT e.*, p.username, p.sealed_contact
    FROM enrolment e JOIN person p ON p.id = e.person_id
    WHERE e.link_tag = :link_tag FOR UPDATE OF e
    """
)
_WRONG = sa.text("UPDATE enrolment SET tries_left = tries_left - 1 WHERE id = :id")
_USE_UP = sa.text("DELETE FROM enrolment WHERE id = :id")
_REFUSED = sa.text(
    """
    INSERT INTO refusal (act, rule, person, organisation)
    VALUES ('enrolment', 'ENROLMENT_REFUSED', :person, :organisation)
    """
)
_PERSON = sa.text("SELECT organisation_id, username, sealed_contact FROM person WHERE id = :id")
_FORGET_OLD = sa.text("DELETE FROM enrolment WHERE expires_at < :now")


def begin(
    connection: Connection, *, seals: Seals, clock: Clock, person: str, vouched_by: str, pages: str = ""
) -> datetime:
    """Give a person a new link and a new code, put both mails into the outbox, and return until when they hold.

    Earlier ones die. Neither secret is kept: of both there are keyed tags, and in the outbox the sealed mails.
    """
    row = connection.execute(_PERSON, {"id": person}).one()
    contact = parties.open_contact(seals, person, row.sealed_contact)
    if contact is None:
        raise DependencyUnavailable
    enrolment, act_key = str(uuid.uuid4()), str(uuid.uuid4())
    link = secrets.token_urlsafe(_LINK_BYTES)
    code = "".join(secrets.choice("0123456789") for _ in range(_CODE_DIGITS))
    expires_at = clock.now() + LIFE
    sealed_secret = seals.seal("enrolment secret", one_time_codes.new_secret().encode(), enrolment)
    made = {
        "id": enrolment,
        "person": person,
        "act_key": act_key,
        "vouched_by": vouched_by,
        "link_tag": seals.tag("link", link),
        "code_tag": seals.tag("code", enrolment, code),
        "expires_at": expires_at,
        "sealed_secret": sealed_secret,
    }
    connection.execute(_BEGIN, {**made, "tries": TRIES, "seal": _seal(seals, made)})
    to_person = mails.link(contact, link, expires_at, pages=pages)
    for mail in (to_person, mails.code(contact, row.username, code, expires_at)):
        outbox.write(connection, seals=seals, clock=clock, mail=mail)
    return expires_at


def use_up(connection: Connection, enrolment: str) -> None:
    """End an enrolment: link and code are worth nothing from now."""
    connection.execute(_USE_UP, {"id": enrolment})


class SqlEnrolments:
    """Enrolments in PostgreSQL."""

    def __init__(self, *, engine: Engine, seals: Seals) -> None:
        self._engine = engine
        self._seals = seals

    def open(self, link: str, code: str, now: datetime) -> Enrolment | None:
        with transaction(self._engine) as connection:
            # Under the row's lock: of many tries at once each costs one.
            row = connection.execute(_OPEN, {"link_tag": self._seals.tag("link", link)}).mappings().first()
            if row is None or row["tries_left"] < 1 or row["expires_at"] <= now:
                return None
            if not self._is_ours(row):
                log.error("enrolment_seal_broken")
                return None
            person = str(row["person_id"])
            if not self._seals.is_tag(bytes(row["code_tag"]), "code", str(row["id"]), code):
                connection.execute(_WRONG, {"id": row["id"]})
                organisation = connection.execute(_PERSON, {"id": person}).one().organisation_id
                connection.execute(_REFUSED, {"person": person, "organisation": str(organisation)})
                return None
        contact = parties.open_contact(self._seals, person, row["sealed_contact"])
        if contact is None:
            return None
        return Enrolment(
            id=str(row["id"]),
            act_key=str(row["act_key"]),
            person=person,
            vouched_by=row["vouched_by"],
            username=row["username"],
            name=contact.name,
            expires_at=row["expires_at"],
            secret=self._seals.open("enrolment secret", bytes(row["sealed_secret"]), str(row["id"])).decode(),
        )

    def seal_secret(self, enrolment: Enrolment) -> bytes:
        return self._seals.seal(SECRET, enrolment.secret.encode(), enrolment.person)

    def forget_before(self, now: datetime) -> None:
        """Forget enrolments whose time is over."""
        with transaction(self._engine) as connection:
            connection.execute(_FORGET_OLD, {"now": now})

    def _is_ours(self, row: sa.RowMapping) -> bool:
        named = {**row, "person": row["person_id"]}
        return self._seals.is_tag(bytes(row["seal"]), "enrolment", *_sealed_parts(named))


def _seal(seals: Seals, made: dict[str, object]) -> bytes:
    return seals.tag("enrolment", *_sealed_parts(made))


def _sealed_parts(named: dict[str, object]) -> tuple[str | bytes, ...]:
    expires_at = named["expires_at"]
    assert isinstance(expires_at, datetime)  # noqa: S101  # of the row's type
    texts = (str(named["id"]), str(named["person"]), str(named["act_key"]), str(named["vouched_by"]))
    return (*texts, _bytes(named["link_tag"]), _bytes(named["code_tag"]), str(int(expires_at.timestamp() * 1_000_000)))


def _bytes(value: object) -> bytes:
    assert isinstance(value, bytes | memoryview)  # noqa: S101  # of the row's type
    return bytes(value)
