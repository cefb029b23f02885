"""Every standing in PostgreSQL, for the day on which the ledger has lost entries."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.identity import standing_format
from services.identity.domain.standing import Party
from services.runtime.database import transaction

# A decoy stands for nobody, and the ledger has never heard of it.
_PAGE = sa.text(
    """
    SELECT party_kind, party_id, bytes FROM standing
    WHERE party_kind <> 'decoy' AND (party_kind, party_id) > (:kind, :id)
    ORDER BY party_kind, party_id LIMIT :limit
    """
)


class SqlAllStandings:
    """Keeps the promises of the port `AllStandings`."""

    def __init__(self, *, engine: Engine) -> None:
        self._engine = engine

    def digests(self, after: Party | None, limit: int) -> Mapping[Party, bytes]:
        """Return the digests of the next parties after one; see the port."""
        said = {"kind": after.kind if after else "", "id": after.id if after else "", "limit": limit}
        with transaction(self._engine) as connection:
            rows = connection.execute(_PAGE, said).all()
        return {Party(row.party_kind, row.party_id): standing_format.digest(bytes(row.bytes)) for row in rows}
