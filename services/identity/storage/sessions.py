"""Sessions: found by the hash of their handle, believed by the seal over what may not change."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.identity.domain.session import Session, SessionFactor
from services.identity.ports import Judged
from services.identity.sealing import Seals
from services.identity.storage import mediations, standings
from services.runtime.database import quick_reading, transaction

log = logging.getLogger(__name__)

# One statement, one snapshot: what a call is judged by is what stood together at one moment.
_JUDGED = """
    SELECT s.tag, s.handle_digest, s.person_id, s.organisation_id, s.channel,
           s.started_at, s.expires_at, s.last_used_at, s.seal,
           p.bytes AS person_bytes, o.bytes AS organisation_bytes, y.bytes AS system_bytes, v.bytes AS service_bytes,
           m.beneficiary_id, m.organisation_id AS beneficiary_organisation_id, m.until AS mediation_until,
           n.name AS channel_name, n.seal AS channel_name_seal,
           m.seal AS mediation_seal, b.bytes AS beneficiary_bytes, c.bytes AS beneficiary_organisation_bytes
    FROM session s
    LEFT JOIN standing p ON p.party_kind = 'person' AND p.party_id = s.person_id::text
    LEFT JOIN standing o ON o.party_kind = 'organisation' AND o.party_id = s.organisation_id::text
    LEFT JOIN standing y ON y.party_kind = 'system' AND y.party_id = %(system)s
    LEFT JOIN standing v ON v.party_kind = 'service' AND v.party_id = %(environment)s
    LEFT JOIN session_channel n ON n.session_tag = s.tag
    LEFT JOIN mediation m ON m.session_tag = s.tag
    LEFT JOIN standing b ON b.party_kind = 'person' AND b.party_id = m.beneficiary_id::text
    LEFT JOIN standing c ON c.party_kind = 'organisation' AND c.party_id = m.organisation_id::text
    WHERE s.handle_digest = %(handle_digest)s AND s.is_entered AND s.ended_at IS NULL
"""
_JUDGED_SYSTEM = """
    SELECT y.bytes AS system_bytes, v.bytes AS service_bytes,
           o.party_id AS organisation_id, o.bytes AS organisation_bytes
    FROM standing y
    LEFT JOIN system f ON f.id::text = y.party_id
    LEFT JOIN standing o ON o.party_kind = 'organisation' AND o.party_id = f.organisation_id::text
    LEFT JOIN standing v ON v.party_kind = 'service' AND v.party_id = %(environment)s
    WHERE y.party_kind = 'system' AND y.party_id = %(system)s
"""
_TOUCH = sa.text("UPDATE session SET last_used_at = :now WHERE tag = :tag AND last_used_at < :now AND ended_at IS NULL")
_NAME_CHANNEL = sa.text(
    "INSERT INTO session_channel (session_tag, name, seal) VALUES (:tag, :name, :seal) ON CONFLICT DO NOTHING"
)
_END = sa.text("UPDATE session SET ended_at = :now WHERE tag = :tag AND ended_at IS NULL")
_LIVE_OF = sa.text(
    """
    SELECT tag, handle_digest, person_id, organisation_id, channel, started_at, expires_at, last_used_at, seal
    FROM session WHERE person_id = :person AND is_entered AND ended_at IS NULL
    ORDER BY started_at DESC LIMIT 50
    """
)
_FACTORS = sa.text(
    """
    SELECT session_tag, method, assurance_level, proved_at, vouched_by
    FROM session_factor WHERE session_tag = ANY(CAST(:tags AS uuid[])) ORDER BY method DESC
    """
)
_BEGIN = sa.text(
    """
    INSERT INTO session
        (tag, handle_digest, person_id, organisation_id, channel, started_at, expires_at, last_used_at, seal)
    VALUES (:tag, :handle_digest, :person, :organisation, :channel, :started_at, :expires_at, :last_used_at, :seal)
    """
)
_BEGIN_FACTOR = sa.text(
    """
    INSERT INTO session_factor (session_tag, method, assurance_level, proved_at, vouched_by)
    VALUES (:tag, :method, :assurance_level, :proved_at, :vouched_by)
    """
)
_ACTIVATE = sa.text(
    """
    UPDATE session SET is_entered = true, expires_at = least(expires_at, :expires_at)
    WHERE tag = :tag AND ended_at IS NULL
    """
)
_FORGET_OLD = sa.text(
    """
    DELETE FROM session
    WHERE expires_at < :latest OR ended_at < :latest OR (NOT is_entered AND started_at < :latest)
    """
)


class SqlSessions:
    """Sessions in PostgreSQL.

    `quick` commits each statement by itself: judging a call is one round trip.
    """

    def __init__(self, *, engine: Engine, quick: Engine, seals: Seals, environment: str) -> None:
        self._engine = engine
        self._quick = quick
        self._seals = seals
        self._environment = environment

    def judged(self, handle_digest: bytes, system: str) -> Judged:
        named = {"handle_digest": handle_digest, "system": system, "environment": self._environment}
        with quick_reading(self._quick) as cursor:
            row = cursor.execute(_JUDGED, named).fetchone()
        session = None if row is None else self._session(row)
        if row is None or session is None:
            return Judged(session=None, person=None, organisation=None, system=None, service=None)
        return Judged(
            session=replace(session, channel_name=self._channel_name(row)),
            person=standings.person(session.person, row.person_bytes),
            organisation=standings.organisation(session.organisation, row.organisation_bytes),
            system=standings.system(system, row.system_bytes),
            service=standings.service(self._environment, row.service_bytes),
            colleague=mediations.colleague(self._seals, row),
        )

    def judged_system(self, system: str) -> Judged:
        with quick_reading(self._quick) as cursor:
            row = cursor.execute(_JUDGED_SYSTEM, {"system": system, "environment": self._environment}).fetchone()
        if row is None:
            return Judged(session=None, person=None, organisation=None, system=None, service=None)
        return Judged(
            session=None,
            person=None,
            organisation=standings.organisation(row.organisation_id, row.organisation_bytes),
            system=standings.system(system, row.system_bytes),
            service=standings.service(self._environment, row.service_bytes),
        )

    def touch(self, tag: str, now: datetime) -> None:
        with transaction(self._quick) as connection:
            connection.execute(_TOUCH, {"tag": tag, "now": now})

    def name_channel(self, tag: str, name: str) -> None:
        seal = self._seals.tag("session_channel", tag, name)
        with transaction(self._quick) as connection:
            connection.execute(_NAME_CHANNEL, {"tag": tag, "name": name, "seal": seal})

    def end(self, tag: str, now: datetime) -> None:
        with transaction(self._engine) as connection:
            connection.execute(_END, {"tag": tag, "now": now})

    def live_of(self, person: str) -> Sequence[Session]:
        with transaction(self._engine) as connection:
            rows = connection.execute(_LIVE_OF, {"person": person}).all()
            factors = connection.execute(_FACTORS, {"tags": [str(row.tag) for row in rows]}).all()
        by_tag: dict[str, list[SessionFactor]] = {}
        for factor in factors:
            made = SessionFactor(
                method=factor.method,
                assurance_level=factor.assurance_level,
                proved_at=factor.proved_at,
                vouched_by=factor.vouched_by,
            )
            by_tag.setdefault(str(factor.session_tag), []).append(made)
        found = (self._session(row, tuple(by_tag.get(str(row.tag), ()))) for row in rows)
        return [session for session in found if session is not None]

    def begin(self, session: Session) -> None:
        row = {
            "tag": session.tag,
            "handle_digest": session.handle_digest,
            "person": session.person,
            "organisation": session.organisation,
            "channel": session.channel,
            "started_at": session.started_at,
            "expires_at": session.expires_at,
            "last_used_at": session.last_used_at,
            "seal": self._seals.tag("session", *_fixed_parts(session)),
        }
        factors = [
            {
                "tag": session.tag,
                "method": factor.method,
                "assurance_level": factor.assurance_level,
                "proved_at": factor.proved_at,
                "vouched_by": factor.vouched_by,
            }
            for factor in session.factors
        ]
        with transaction(self._engine) as connection:
            connection.execute(_BEGIN, row)
            connection.execute(_BEGIN_FACTOR, factors)

    def activate(self, tag: str, expires_at: datetime) -> None:
        with transaction(self._engine) as connection:
            connection.execute(_ACTIVATE, {"tag": tag, "expires_at": expires_at})

    def forget_before(self, latest: datetime) -> None:
        """Forget sessions that ended, or were never entered, before an instant."""
        with transaction(self._engine) as connection:
            connection.execute(_FORGET_OLD, {"latest": latest})

    def _channel_name(self, row: sa.Row[tuple[object, ...]]) -> str:
        """Return whom the channel's certificate names, "" where that is not known or not our own word."""
        if row.channel_name is None:
            return ""
        if not self._seals.is_tag(bytes(row.channel_name_seal), "session_channel", str(row.tag), row.channel_name):
            log.error("session_seal_broken")
            return ""
        return str(row.channel_name)

    def _session(self, row: sa.Row[tuple[object, ...]], factors: tuple[SessionFactor, ...] = ()) -> Session | None:
        session = Session(
            tag=str(row.tag),
            handle_digest=bytes(row.handle_digest),
            person=str(row.person_id),
            organisation=str(row.organisation_id),
            channel=row.channel,
            started_at=row.started_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
            factors=factors,
        )
        if not self._seals.is_tag(bytes(row.seal), "session", *_fixed_parts(session)):
            log.error("session_seal_broken")
            return None
        return session


def _fixed_parts(session: Session) -> tuple[str | bytes, ...]:
    # The end may only come nearer, and the start bounds it; the last use may be anything: the start bounds that too.
    started_at = str(int(session.started_at.timestamp() * 1_000_000))
    return (session.tag, session.handle_digest, session.person, session.organisation, session.channel, started_at)
