"""How acts ended here: the row that a stalled process, a retry and the sweeper all meet at."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine

from services.directory.ports import Outcome
from services.directory.storage.tables import act, newest_receipt
from services.runtime.database import reading

_AT_ONCE = 5_000


def end(connection: Connection, act_id: bytes, outcome: Outcome) -> Outcome | None:
    """Write how an act ended and return None, or return how it ended before.

    It waits for another transaction that is ending the same act.
    """
    claimed = connection.execute(
        insert(act).values(act_id=act_id, outcome=outcome.value).on_conflict_do_nothing().returning(act.c.act_id)
    ).first()
    return None if claimed is not None else outcome_of(connection, act_id)


def outcome_of(connection: Connection, act_id: bytes) -> Outcome | None:
    """Return how an act ended, or None if it has not."""
    found = connection.scalar(sa.select(act.c.outcome).where(act.c.act_id == act_id))
    return None if found is None else Outcome(found)


def keep_receipt(connection: Connection, index: int) -> None:
    """Remember the newest receipt that this directory holds."""
    connection.execute(
        sa.update(newest_receipt)
        .where(newest_receipt.c.id == 1, newest_receipt.c.receipt_index < index)
        .values(receipt_index=index)
    )


@dataclass(frozen=True, kw_only=True)
class SqlHeldActs:
    """The table of acts, as `check-store` asks it."""

    engine: Engine

    def done_among(self, act_ids: Collection[bytes]) -> frozenset[bytes]:
        """Return those that ended done here."""
        wanted, found = sorted(act_ids), set()
        for at in range(0, len(wanted), _AT_ONCE):
            query = sa.select(act.c.act_id).where(
                act.c.act_id.in_(wanted[at : at + _AT_ONCE]), act.c.outcome == Outcome.DONE.value
            )
            with reading(self.engine) as connection:
                found |= {bytes(row.act_id) for row in connection.execute(query)}
        return frozenset(found)
