"""Acts on their way: the pending row, and the one transaction that makes its changes current."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from services.identity import one_time_codes
from services.identity.domain.acts import (
    ActName,
    ChangeOfMediation,
    ChangeOfStanding,
    EndOfSessions,
    FirstParties,
    NewFactors,
    NewLink,
    NewOrganisation,
    NewPerson,
    NewSystem,
    Outcome,
    PendingAct,
    Receipt,
    SettledAct,
    Unlock,
)
from services.identity.errors import SystemKnown, UsernameTaken
from services.identity.sealing import SealBroken, Seals
from services.identity.standing_format import digest
from services.identity.storage import enrolments, mediations, parties, pending_format, receipts
from services.runtime.clock import Clock
from services.runtime.database import transaction
from services.runtime.errors import BeingChanged

log = logging.getLogger(__name__)

_SEAL = "pending"

_FIND_SETTLED = sa.text(
    "SELECT request_digest, outcome FROM act WHERE actor = :actor AND method = :method AND idempotency_key = :key"
)
_FIND_PENDING = sa.text(
    """
    SELECT subject_kind, subject_id, actor, method, idempotency_key, sealed
    FROM pending_act WHERE actor = :actor AND method = :method AND idempotency_key = :key
    """
)
_PREPARE = sa.text(
    """
    INSERT INTO pending_act (subject_kind, subject_id, actor, method, idempotency_key, username, sealed, started_at)
    VALUES (:subject_kind, :subject_id, :actor, :method, :key, :username, :sealed, :now)
    ON CONFLICT DO NOTHING
    """
)
_IN_THE_WAY = sa.text(
    """
    SELECT subject_kind, subject_id, actor, method, idempotency_key, sealed
    FROM pending_act WHERE subject_kind = :subject_kind AND subject_id = :subject_id
    """
)
_USERNAME_PENDING = sa.text("SELECT 1 FROM pending_act WHERE username = :username")
_USERNAME_HAD = sa.text("SELECT 1 FROM person WHERE username = :username")
_STANDING_NOW = sa.text("SELECT bytes FROM standing WHERE party_kind = :kind AND party_id = :id FOR SHARE")
_REMOVE = sa.text(
    """
    DELETE FROM pending_act
    WHERE subject_kind = :subject_kind AND subject_id = :subject_id
      AND actor = :actor AND method = :method AND idempotency_key = :key
    """
)
_SETTLED = sa.text(
    """
    INSERT INTO act (actor, method, idempotency_key, request_digest, outcome, settled_at)
    VALUES (:actor, :method, :key, :request_digest, CAST(:outcome AS jsonb), :now)
    """
)
_OLD = sa.text(
    """
    SELECT subject_kind, subject_id, actor, method, idempotency_key, sealed
    FROM pending_act WHERE started_at < :latest ORDER BY started_at LIMIT 100
    """
)
_STANDING = sa.text(
    """
    INSERT INTO standing (party_kind, party_id, bytes, changed_at) VALUES (:kind, :id, :bytes, :now)
    ON CONFLICT (party_kind, party_id) DO UPDATE SET bytes = excluded.bytes, changed_at = excluded.changed_at
    """
)
_END_ALL = sa.text("UPDATE session SET ended_at = :now WHERE person_id = :person AND ended_at IS NULL")
_END_SOME = sa.text(
    """
    UPDATE session SET ended_at = :now
    WHERE person_id = :person AND tag = ANY(CAST(:tags AS uuid[])) AND ended_at IS NULL
    """
)
_CREDENTIAL = sa.text(
    """
    INSERT INTO credential (id, password_hash, sealed_secret) VALUES (:id, :hash, :secret)
    ON CONFLICT (id) DO UPDATE SET password_hash = excluded.password_hash, sealed_secret = excluded.sealed_secret
    """
)
_GUESSES = sa.text(
    """
    INSERT INTO guesses (id, last_step, wrong_in_row) VALUES (:id, :step, 0)
    ON CONFLICT (id) DO UPDATE SET last_step = greatest(guesses.last_step, excluded.last_step), wrong_in_row = 0
    """
)
# The ledger never forgets an act. A change of standing that was forgotten here and is asked for again would be planned
# anew, get the first one's receipt, and settle bytes that the ledger never took: nobody could mend that party again.
_FORGET_OLD = sa.text(
    """
    DELETE FROM act WHERE settled_at < :latest
      AND method IN ('/contactpoint.identity.v1.SessionService/SignOut',
                     '/contactpoint.identity.v1.SessionService/EndSessions',
                     '/contactpoint.identity.v1.SessionService/BeginMediation',
                     '/contactpoint.identity.v1.SessionService/EndMediation')
    """
)


class SqlActs:
    """Acts in PostgreSQL; what a pending row holds is sealed, so nobody can write one that we would drive on."""

    def __init__(self, *, engine: Engine, seals: Seals, clock: Clock, pages: str = "") -> None:
        self._engine = engine
        self._seals = seals
        self._clock = clock
        self._pages = pages

    def find(self, name: ActName) -> PendingAct | SettledAct | None:
        with transaction(self._engine) as connection:
            # Pending first: a row that is settled between the two is then found settled.
            row = connection.execute(_FIND_PENDING, _named(name)).first()
            if row is not None:
                return self._opened(row)
            settled = connection.execute(_FIND_SETTLED, _named(name)).first()
        if settled is None:
            return None
        outcome = pending_format.outcome_from_json(settled.outcome)
        return SettledAct(request_digest=bytes(settled.request_digest), outcome=outcome)

    def prepare(self, act: PendingAct) -> None:
        username = act.addition.username if isinstance(act.addition, NewPerson) else None
        sealed = self._seals.seal(_SEAL, pending_format.write(act), *_place(act))
        row = {**_key(act), "username": username, "sealed": sealed, "now": act.started_at}
        with transaction(self._engine) as connection:
            if not self._is_prepared(connection, row):
                if connection.execute(_FIND_PENDING, _named(act.name)).first() is not None:
                    raise BeingChanged
                if username and connection.scalar(_USERNAME_PENDING, {"username": username}):
                    raise UsernameTaken
                raise BeingChanged
            # After the row is in: whoever settles the same name or subject meets it.
            if username and connection.scalar(_USERNAME_HAD, {"username": username}):
                raise UsernameTaken
            if isinstance(act.effect, ChangeOfStanding):
                _check_start(connection, act.effect)

    def _is_prepared(self, connection: Connection, row: Mapping[str, object]) -> bool:
        """Write a pending row and return True, or False if another act has the subject, or the name.

        A row that is not as we wrote it is no act: else whoever can write rows keeps everybody from being suspended,
        and the service from being stopped.
        """
        if connection.execute(_PREPARE, row).rowcount == 1:
            return True
        subject = {name: row[name] for name in ("subject_kind", "subject_id")}
        other = connection.execute(_IN_THE_WAY, subject).first()
        if other is None or self._opened(other) is not None:
            return False
        named = {"actor": other.actor, "method": other.method, "key": str(other.idempotency_key)}
        connection.execute(_REMOVE, {**subject, **named})
        return connection.execute(_PREPARE, row).rowcount == 1

    def settle(self, act: PendingAct, receipt: Receipt) -> Outcome:
        with transaction(self._engine) as connection:
            if connection.execute(_REMOVE, _key(act)).rowcount != 1:
                settled = connection.execute(_FIND_SETTLED, _named(act.name)).first()
                if settled is None:
                    raise BeingChanged
                return pending_format.outcome_from_json(settled.outcome)
            outcome = self._apply(connection, act, receipt)
            done = {"request_digest": act.request_digest, "outcome": pending_format.outcome_to_json(outcome)}
            connection.execute(_SETTLED, {**_named(act.name), **done, "now": self._clock.now()})
            receipts.remember(connection, receipt)
        return outcome

    def give_up(self, act: PendingAct) -> None:
        with transaction(self._engine) as connection:
            connection.execute(_REMOVE, _key(act))

    def pending_since(self, latest: datetime) -> Sequence[PendingAct]:
        with transaction(self._engine) as connection:
            rows = connection.execute(_OLD, {"latest": latest}).all()
        return [act for act in map(self._opened, rows) if act is not None]

    def forget_before(self, latest: datetime) -> None:
        """Forget ends of sessions that were settled before an instant: done once more, they only end one's own."""
        with transaction(self._engine) as connection:
            connection.execute(_FORGET_OLD, {"latest": latest})

    def _apply(self, connection: Connection, act: PendingAct, receipt: Receipt) -> Outcome:  # noqa: C901, PLR0912  # a case a kind
        now = self._clock.now()
        party, expires_at = act.subject.id, None
        match act.addition:
            case NewOrganisation():
                parties.add_organisation(connection, self._clock, party, act.addition)
            case NewSystem():
                parties.add_system(connection, self._clock, party, act.addition)
            case NewPerson():
                expires_at = self._add_person(connection, party, act.addition)
            case NewLink():
                expires_at = self._begin_enrolment(connection, party, act.addition.vouched_by)
            case NewFactors():
                secrets = {"hash": act.addition.password_hash, "secret": act.addition.sealed_secret}
                connection.execute(_CREDENTIAL, {"id": party, **secrets})
                connection.execute(_GUESSES, {"id": party, "step": act.addition.last_step})
                enrolments.use_up(connection, act.addition.enrolment)
            case FirstParties():
                first = act.addition
                parties.add_organisation(
                    connection, self._clock, first.organisation_change.party.id, first.organisation
                )
                self._apply_change(connection, first.organisation_change, now)
                parties.add_system(connection, self._clock, first.system_change.party.id, first.system)
                self._apply_change(connection, first.system_change, now)
                expires_at = self._add_person(connection, first.person_change.party.id, first.person)
                self._apply_change(connection, first.person_change, now)
            case Unlock():
                connection.execute(_GUESSES, {"id": act.addition.person, "step": 0})
            case None:
                pass
        match act.effect:
            case ChangeOfStanding():
                self._apply_change(connection, act.effect, now)
            case EndOfSessions(person=person, is_all=True):
                connection.execute(_END_ALL, {"person": person, "now": now})
            case ChangeOfMediation():
                mediations.change(connection, self._seals, act.effect)
                until = act.effect.until
                return Outcome(receipt=receipt, party=act.effect.beneficiary, mediates_until=until)
            case EndOfSessions(person=person, tags=tags):
                connection.execute(_END_SOME, {"person": person, "tags": list(tags), "now": now})
            case _:
                pass
        return Outcome(receipt=receipt, party=party, enrolment_expires_at=expires_at)

    def _add_person(self, connection: Connection, person: str, new: NewPerson) -> datetime:
        parties.add_person(connection, self._clock, self._seals, person, new)
        # Until both factors are bound a sign-in finds a secret that nobody has, so that it takes as long as any other.
        nobodys = self._seals.seal(enrolments.SECRET, one_time_codes.new_secret().encode(), person)
        connection.execute(_CREDENTIAL, {"id": person, "hash": b"", "secret": nobodys})
        connection.execute(_GUESSES, {"id": person, "step": 0})
        return self._begin_enrolment(connection, person, new.contact.added_by)

    def _begin_enrolment(self, connection: Connection, person: str, vouched_by: str) -> datetime:
        return enrolments.begin(
            connection, seals=self._seals, clock=self._clock, person=person, vouched_by=vouched_by, pages=self._pages
        )

    def _apply_change(self, connection: Connection, change: ChangeOfStanding, now: datetime) -> None:
        # The ledger took these very bytes as the newest, so they hold, whatever the row says in the meantime.
        named = {"kind": change.party.kind, "id": change.party.id, "bytes": change.standing, "now": now}
        connection.execute(_STANDING, named)
        if change.ends_sessions:
            connection.execute(_END_ALL, {"person": change.party.id, "now": now})

    def _opened(self, row: sa.Row[tuple[object, ...]]) -> PendingAct | None:
        name = ActName(row.actor, row.method, str(row.idempotency_key))
        place = (row.subject_kind, row.subject_id, *name)
        try:
            return pending_format.read(self._seals.open(_SEAL, bytes(row.sealed), *place))
        except SealBroken:
            log.error("pending_act_seal_broken")  # noqa: TRY400  # the trace would show nothing more
            return None


def _check_start(connection: Connection, change: ChangeOfStanding) -> None:
    stored = connection.scalar(_STANDING_NOW, {"kind": change.party.kind, "id": change.party.id})
    if stored is None:
        if change.previous_digest:
            raise BeingChanged
    elif not change.previous_digest:
        raise SystemKnown
    elif digest(bytes(stored)) != change.previous_digest:
        raise BeingChanged


def _named(name: ActName) -> dict[str, str]:
    return {"actor": name.actor, "method": name.method, "key": name.key}


def _key(act: PendingAct) -> dict[str, str]:
    return {"subject_kind": act.subject.kind, "subject_id": act.subject.id, **_named(act.name)}


def _place(act: PendingAct) -> tuple[str, ...]:
    return (act.subject.kind, act.subject.id, *act.name)
