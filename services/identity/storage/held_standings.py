"""The standings of a restored database, and how a party gets another one in place of what was lost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from services.identity import one_time_codes, standing_format
from services.identity.domain.acts import Receipt
from services.identity.domain.standing import Party, Standing
from services.identity.restore_ports import Returned
from services.identity.sealing import Seals
from services.identity.storage import enrolments, receipts
from services.runtime.clock import Clock
from services.runtime.database import transaction
from services.runtime.errors import BeingChanged

_AT_ONCE = 5_000

_SOME = sa.text(
    "SELECT party_id, bytes FROM standing WHERE party_kind = :kind AND party_id = ANY(CAST(:ids AS text[]))"
)
_ONE = sa.text("SELECT bytes FROM standing WHERE party_kind = :kind AND party_id = :id")
_LOCKED = sa.text("SELECT bytes FROM standing WHERE party_kind = :kind AND party_id = :id FOR UPDATE")
_WRITE = sa.text("UPDATE standing SET bytes = :bytes, changed_at = :now WHERE party_kind = :kind AND party_id = :id")
_END_SESSIONS = sa.text("UPDATE session SET ended_at = :now WHERE person_id = :person AND ended_at IS NULL")
_FORGET_SECRETS = sa.text(
    "UPDATE credential SET password_hash = :hash, sealed_secret = :secret WHERE id = CAST(:person AS uuid)"
)
_GIVE_UP = sa.text("DELETE FROM pending_act WHERE subject_kind = :kind AND subject_id = :id")
_END_ENROLMENT = sa.text("DELETE FROM enrolment WHERE person_id = :person")


class SqlHeldStandings:
    """Standings in PostgreSQL, as `check-store` asks for them."""

    def __init__(self, *, engine: Engine, seals: Seals, clock: Clock) -> None:
        self._engine = engine
        self._seals = seals
        self._clock = clock

    def digests(self, parties: Collection[Party]) -> Mapping[Party, bytes]:
        by_kind: defaultdict[str, list[str]] = defaultdict(list)
        for party in sorted(parties):
            by_kind[party.kind].append(party.id)
        found: dict[Party, bytes] = {}
        for kind, ids in by_kind.items():
            for at in range(0, len(ids), _AT_ONCE):
                with transaction(self._engine) as connection:
                    rows = connection.execute(_SOME, {"kind": kind, "ids": ids[at : at + _AT_ONCE]}).all()
                found |= {Party(kind, row.party_id): standing_format.digest(bytes(row.bytes)) for row in rows}
        return found

    def standing(self, party: Party, digest: bytes) -> Standing:
        with transaction(self._engine) as connection:
            stored = connection.scalar(_ONE, {"kind": party.kind, "id": party.id})
        if stored is None or standing_format.digest(bytes(stored)) != digest:
            raise BeingChanged
        return standing_format.read(party, bytes(stored))

    def put_back(self, returned: Returned, receipt: Receipt | None) -> None:
        party = returned.lost.party
        named = {"kind": party.kind, "id": party.id}
        with transaction(self._engine) as connection:
            stored = connection.scalar(_LOCKED, named)
            held = b"" if stored is None else standing_format.digest(bytes(stored))
            if held != returned.lost.held_digest:
                raise BeingChanged
            # An act that was under way at the copy's moment is among what was lost: it must not end on top of this.
            connection.execute(_GIVE_UP, named)
            if returned.content:
                connection.execute(_WRITE, {**named, "bytes": returned.content, "now": self._clock.now()})
                if party.kind == "person":
                    self._begin_anew(connection, party.id)
            if receipt is not None:
                receipts.remember(connection, receipt)

    def _begin_anew(self, connection: Connection, person: str) -> None:
        """Leave nothing by which somebody signed in, or enrolled, before: only a new link leads back."""
        connection.execute(_END_SESSIONS, {"person": person, "now": self._clock.now()})
        nobodys = self._seals.seal(enrolments.SECRET, one_time_codes.new_secret().encode(), person)
        connection.execute(_FORGET_SECRETS, {"hash": b"", "secret": nobodys, "person": person})
        connection.execute(_END_ENROLMENT, {"person": person})
