"""The newest receipt of the ledger that was ever seen, kept so that an older ledger is not believed after a restart."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from services.identity.domain.acts import Receipt
from services.runtime.database import transaction

_READ = sa.text("SELECT index AS position, leaf FROM newest_receipt")
_REMEMBER = sa.text(
    """
    INSERT INTO newest_receipt (index, leaf) VALUES (:index, :leaf)
    ON CONFLICT (is_only) DO UPDATE SET index = excluded.index, leaf = excluded.leaf
    WHERE newest_receipt.index < excluded.index
    """
)


def remember(connection: Connection, receipt: Receipt) -> None:
    """Keep a receipt if it is newer than the one kept."""
    connection.execute(_REMEMBER, {"index": receipt.index, "leaf": receipt.leaf})


class SqlReceipts:
    """The newest receipt in PostgreSQL."""

    def __init__(self, *, engine: Engine) -> None:
        self._engine = engine

    def newest(self) -> Receipt | None:
        """Return the newest receipt kept, None before the first."""
        with transaction(self._engine) as connection:
            row = connection.execute(_READ).first()
        return None if row is None else Receipt(index=row.position, leaf=bytes(row.leaf))

    def keep(self, receipt: Receipt) -> None:
        """Keep a receipt if it is newer than the one kept."""
        with transaction(self._engine) as connection:
            remember(connection, receipt)
