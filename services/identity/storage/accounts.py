"""Credentials and counts of wrong codes; an unknown name finds a decoy, for which every query is made just the same."""

from __future__ import annotations

import hashlib
import hmac
import logging
import uuid

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.identity import one_time_codes, standing_format
from services.identity.domain.standing import CODE, PASSWORD, Factor, PersonStanding, spelt, username_digest
from services.identity.ports import Account
from services.identity.sealing import SealBroken, Seals
from services.identity.storage import standings
from services.identity.storage.enrolments import SECRET
from services.runtime.clock import Clock
from services.runtime.database import transaction
from services.runtime.errors import DependencyUnavailable

log = logging.getLogger(__name__)

MOST_WRONG_IN_ROW = 100
_DECOYS = 64

_WHOSE = sa.text("SELECT id FROM person WHERE username = :username")
_ACCOUNT = sa.text(
    """
    SELECT c.password_hash, c.sealed_secret, g.last_step, g.wrong_in_row,
           p.bytes AS person_bytes, v.bytes AS service_bytes
    FROM standing p
    LEFT JOIN credential c ON c.id = CAST(CAST(:id AS text) AS uuid)
    LEFT JOIN guesses g ON g.id = CAST(CAST(:id AS text) AS uuid)
    LEFT JOIN standing v ON v.party_kind = 'service' AND v.party_id = :environment
    WHERE p.party_kind = :kind AND p.party_id = CAST(:id AS text)
    """
)
_ORGANISATION = sa.text("SELECT bytes FROM standing WHERE party_kind = 'organisation' AND party_id = :id")
_USE_CODE = sa.text(
    "UPDATE guesses SET last_step = :step WHERE id = :id AND last_step < :step AND wrong_in_row < :most"
)
_COUNT_WRONG = sa.text(
    """
    WITH counted AS (
        INSERT INTO guesses (id, wrong_in_row) VALUES (:id, 1)
        ON CONFLICT (id) DO UPDATE SET wrong_in_row = least(guesses.wrong_in_row + 1, 1000000)
        RETURNING wrong_in_row
    ), written AS (
        INSERT INTO refusal (act, rule, person, organisation) VALUES (:act, :rule, :person, :organisation)
    )
    SELECT wrong_in_row FROM counted
    """
)
_REFUSED = sa.text("INSERT INTO refusal (act, rule, person, organisation) VALUES (:act, :rule, :person, :organisation)")
_COUNT_RIGHT = sa.text("UPDATE guesses SET wrong_in_row = 0 WHERE id = :id AND wrong_in_row <> 0")
_DECOY_STANDING = sa.text(
    """
    INSERT INTO standing (party_kind, party_id, bytes, changed_at) VALUES ('decoy', :id, :bytes, :now)
    ON CONFLICT DO NOTHING
    """
)
_DECOY_CREDENTIAL = sa.text(
    """
    INSERT INTO credential (id, password_hash, sealed_secret) VALUES (:id, :hash, :secret)
    ON CONFLICT (id) DO UPDATE SET password_hash = excluded.password_hash, sealed_secret = excluded.sealed_secret
    """
)
_DECOY_GUESSES = sa.text("INSERT INTO guesses (id) VALUES (:id) ON CONFLICT DO NOTHING")


class SqlAccounts:
    """Credentials in PostgreSQL."""

    def __init__(self, *, engine: Engine, seals: Seals, environment: str, clock: Clock) -> None:
        self._engine = engine
        self._seals = seals
        self._environment = environment
        self._clock = clock

    def of(self, username: str) -> Account:
        name = spelt(username)
        with transaction(self._engine) as connection:
            known = connection.scalar(_WHOSE, {"username": name})
            account = self._decoy(name) if known is None else str(known)
            kind = "decoy" if known is None else "person"
            named = {"id": account, "kind": kind, "environment": self._environment}
            row = connection.execute(_ACCOUNT, named).first()
            person = None if row is None else standings.person(account, row.person_bytes)
            organisation_id = account if person is None else person.standing.organisation
            organisation = connection.scalar(_ORGANISATION, {"id": organisation_id})
        if row is None or row.sealed_secret is None:
            # Somebody has deleted rows by hand.
            log.error("account_incomplete")
            raise DependencyUnavailable
        standing = None if person is None else person.standing
        return Account(
            id=account,
            is_known=known is not None,
            username_agrees=standing is not None
            and hmac.compare_digest(standing.username_digest, username_digest(name)),
            password_hash=bytes(row.password_hash),
            secret=self._secret(account, bytes(row.sealed_secret)),
            last_step=row.last_step or 0,
            is_locked=(row.wrong_in_row or 0) >= MOST_WRONG_IN_ROW,
            person=person,
            organisation=standings.organisation(organisation_id, organisation),
            service=standings.service(self._environment, row.service_bytes),
            are_factors_bound=standing is not None
            and _is_bound(standing, PASSWORD, bytes(row.password_hash))
            and _is_bound(standing, CODE, bytes(row.sealed_secret)),
        )

    def use_code(self, account: str, step: int) -> bool:
        with transaction(self._engine) as connection:
            named = {"id": account, "step": step, "most": MOST_WRONG_IN_ROW}
            rows = connection.execute(_USE_CODE, named).rowcount
        return int(rows) == 1

    def count_wrong(self, account: Account, act: str, rule: str) -> bool:
        person, organisation = "", ""
        if account.is_known and account.person is not None:
            person, organisation = account.person.standing.person, account.person.standing.organisation
        refused = {"act": act, "rule": rule, "person": person, "organisation": organisation}
        with transaction(self._engine) as connection:
            wrong = connection.scalar(_COUNT_WRONG, {"id": account.id, **refused})
            is_closed = bool(wrong == MOST_WRONG_IN_ROW)
            if is_closed:
                connection.execute(_REFUSED, {**refused, "rule": "CODE_LOCKED"})
        return is_closed

    def count_right(self, account: str) -> None:
        with transaction(self._engine) as connection:
            connection.execute(_COUNT_RIGHT, {"id": account})

    def prepare_decoys(self, password_hash: bytes) -> None:
        """Make the accounts that stand for unknown names; `password_hash` is of a password that nobody knows."""
        now = self._clock.now()
        with transaction(self._engine) as connection:
            for number in range(_DECOYS):
                decoy = self._decoy_id(number)
                secret = self._seals.seal(SECRET, one_time_codes.new_secret().encode(), decoy)
                standing = PersonStanding(
                    person=decoy,
                    organisation=decoy,
                    username_digest=username_digest(decoy),
                    factors=(
                        Factor(
                            method=PASSWORD,
                            secret_digest=hashlib.sha256(password_hash).digest(),
                            bound_at=now,
                            vouched_by=decoy,
                        ),
                        Factor(
                            method=CODE,
                            secret_digest=hashlib.sha256(secret).digest(),
                            bound_at=now,
                            vouched_by=decoy,
                        ),
                    ),
                )
                stored = standing_format.write(standing)
                if connection.execute(_DECOY_STANDING, {"id": decoy, "bytes": stored, "now": now}).rowcount:
                    connection.execute(_DECOY_CREDENTIAL, {"id": decoy, "hash": password_hash, "secret": secret})
                    connection.execute(_DECOY_GUESSES, {"id": decoy})

    def _secret(self, account: str, sealed: bytes) -> str:
        try:
            return self._seals.open(SECRET, sealed, account).decode()
        except SealBroken:
            log.error("secret_seal_broken")  # noqa: TRY400  # the trace would show nothing more
            return one_time_codes.new_secret()

    def _decoy(self, name: str) -> str:
        return self._decoy_id(int.from_bytes(self._seals.tag("decoy", name)[:4], "big") % _DECOYS)

    def _decoy_id(self, number: int) -> str:
        return str(uuid.UUID(bytes=self._seals.tag("decoy id", str(number))[:16], version=4))


def _is_bound(standing: PersonStanding, method: str, stored: bytes) -> bool:
    factor = standing.factor(method)
    return factor is not None and hmac.compare_digest(factor.secret_digest, hashlib.sha256(stored).digest())
