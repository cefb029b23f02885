"""For whom a mediator's session looks: believed by its seal here, and by the ledger's own word when somebody looks."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.identity.domain.acts import ChangeOfMediation
from services.identity.ports import Colleague
from services.identity.sealing import Seals
from services.identity.storage import standings

log = logging.getLogger(__name__)

_BEGIN = sa.text(
    """
    INSERT INTO mediation (session_tag, beneficiary_id, organisation_id, until, seal)
    SELECT tag, :beneficiary, :organisation, :until, :seal FROM session WHERE tag = :tag
    ON CONFLICT (session_tag) DO UPDATE SET beneficiary_id = excluded.beneficiary_id,
        organisation_id = excluded.organisation_id, until = excluded.until, seal = excluded.seal
    """
)
_END = sa.text("DELETE FROM mediation WHERE session_tag = :tag")


def change(connection: Connection, seals: Seals, effect: ChangeOfMediation) -> None:
    """Write down for whom a session looks from now on, if for anybody."""
    if effect.until is None:
        connection.execute(_END, {"tag": effect.session})
        return
    named = {
        "tag": effect.session,
        "beneficiary": effect.beneficiary,
        "organisation": effect.organisation,
        "until": effect.until,
    }
    seal = seals.tag("mediation", *_parts(effect.session, effect.beneficiary, effect.organisation, effect.until))
    connection.execute(_BEGIN, {**named, "seal": seal})


def colleague(seals: Seals, row: sa.Row[Any]) -> Colleague | None:
    """Return for whom the session of a judged row looks, None for nobody or where the row is not ours."""
    if row.mediation_seal is None:
        return None
    beneficiary, organisation = str(row.beneficiary_id), str(row.beneficiary_organisation_id)
    parts = _parts(str(row.tag), beneficiary, organisation, row.mediation_until)
    if not seals.is_tag(bytes(row.mediation_seal), "mediation", *parts):
        log.error("mediation_seal_broken")
        return None
    found = standings.person(beneficiary, row.beneficiary_bytes)
    of = standings.organisation(organisation, row.beneficiary_organisation_bytes)
    if found is None or of is None or found.standing.organisation != organisation:
        return None
    return Colleague(person=found, organisation=of, until=row.mediation_until)


def _parts(tag: str, beneficiary: str, organisation: str, until: datetime) -> tuple[str, ...]:
    return (tag, beneficiary, organisation, str(int(until.timestamp() * 1_000_000)))
