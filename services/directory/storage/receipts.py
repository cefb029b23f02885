"""The newest receipt of the ledger that this directory has seen, kept so that a restart does not forget it."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.directory.storage import acts
from services.directory.storage.tables import newest_receipt
from services.runtime.database import transaction


@dataclass(frozen=True, kw_only=True)
class SqlNewestReceipt:
    """The one row of `newest_receipt`."""

    engine: Engine

    def load(self) -> int:
        """Return the index, -1 before the first receipt."""
        with transaction(self.engine) as connection:
            found = connection.scalar(sa.select(newest_receipt.c.receipt_index).where(newest_receipt.c.id == 1))
        return -1 if found is None else int(found)

    def keep(self, index: int) -> None:
        """Remember `index` if it is newer."""
        with transaction(self.engine) as connection:
            acts.keep_receipt(connection, index)
