"""Schools, practices and teams, kept in PostgreSQL and held whole in memory.

Every reader issues one statement, the same whatever it wants to know ("changed after n"), so that nobody who reads
statements learns which school or practice belongs to the record that is open.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from services.directory.domain.providers import Contact, Provider, ProviderKind
from services.directory.ports import Outcome, ProviderList, Receipt
from services.directory.storage import acts
from services.directory.storage.tables import provider, provider_change
from services.runtime.database import quick_reading, transaction

_CHANGED = "SELECT * FROM provider WHERE change > %(seen)s ORDER BY change"
_WRITERS_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtext('contactpoint-directory-providers'))")


@dataclass(frozen=True)
class _Snapshot:
    change: int = 0
    providers: ProviderList = field(default_factory=lambda: ProviderList(by_id={}, by_urn={}, by_ods_code={}))


class SqlProviders:
    """Providers in PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._held = _Snapshot()

    def current(self) -> ProviderList:
        """Return every provider as of now."""
        held = self._held
        with quick_reading(self._engine) as cursor:
            rows = cursor.execute(_CHANGED, {"seen": held.change}).fetchall()
        if not rows:
            return held.providers
        newer = _Snapshot(rows[-1].change, _with(held.providers, {row.provider_id: _provider_of(row) for row in rows}))
        with self._lock:
            if newer.change > self._held.change:
                self._held = newer
        return newer.providers

    def register(self, act_id: bytes, new: Provider, receipt: Receipt) -> Outcome:
        """Add a provider and write the act's end in one transaction; see the port."""
        with transaction(self._engine) as connection:
            connection.execute(_WRITERS_LOCK)
            outcome = Outcome.PROVIDER_TAKEN if _has_code(connection, new) else Outcome.DONE
            if (before := acts.end(connection, act_id, outcome)) is not None:
                return before
            if outcome is Outcome.DONE:
                connection.execute(sa.insert(provider).values(**_values(new), change=provider_change.next_value()))
                acts.keep_receipt(connection, receipt.index)
        return outcome

    def amend(self, act_id: bytes, provider_id: UUID, contact: Contact, receipt: Receipt) -> Outcome:
        """Replace a provider's contact and write the act's end in one transaction; see the port."""
        with transaction(self._engine) as connection:
            if (before := acts.end(connection, act_id, Outcome.DONE)) is not None:
                return before
            connection.execute(_WRITERS_LOCK)
            connection.execute(
                sa.update(provider)
                .where(provider.c.provider_id == provider_id)
                .values(
                    change=provider_change.next_value(),
                    telephone=contact.telephone,
                    telephone_out_of_hours=contact.telephone_out_of_hours,
                    email=contact.email,
                )
            )
            acts.keep_receipt(connection, receipt.index)
        return Outcome.DONE


def _has_code(connection: Connection, new: Provider) -> bool:
    same = [column == code for column, code in ((provider.c.urn, new.urn), (provider.c.ods_code, new.ods_code)) if code]
    return bool(same) and connection.scalar(sa.select(sa.exists().where(sa.or_(*same)))) is True


def _with(before: ProviderList, changed: Mapping[UUID, Provider]) -> ProviderList:
    by_id = {**before.by_id, **changed}
    return ProviderList(
        by_id=by_id,
        by_urn={**before.by_urn, **{one.urn: one for one in changed.values() if one.urn}},
        by_ods_code={**before.by_ods_code, **{one.ods_code: one for one in changed.values() if one.ods_code}},
    )


def _values(one: Provider) -> dict[str, object]:
    return {
        "provider_id": one.provider_id,
        "name": one.name,
        "kind": one.kind.value,
        "telephone": one.contact.telephone,
        "telephone_out_of_hours": one.contact.telephone_out_of_hours,
        "email": one.contact.email,
        "authority": one.authority,
        "urn": one.urn or None,
        "ods_code": one.ods_code or None,
        "organisation_id": one.organisation_id,
    }


def _provider_of(row: Any) -> Provider:
    return Provider(
        provider_id=row.provider_id,
        name=row.name,
        kind=ProviderKind(row.kind),
        contact=Contact(telephone=row.telephone, telephone_out_of_hours=row.telephone_out_of_hours, email=row.email),
        authority=row.authority,
        urn=row.urn or "",
        ods_code=row.ods_code or "",
        organisation_id=row.organisation_id,
    )
