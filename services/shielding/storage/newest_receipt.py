"""The newest entry of the ledger that shielding has seen: a ledger that knows less is not believed."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine

from services.runtime.database import transaction
from services.shielding.storage.tables import newest_receipt


class SqlNewestReceipt:
    """Keeps the index of the newest receipt; it never goes down."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self) -> int:
        """Return the index, -1 before the first receipt."""
        with transaction(self._engine) as connection:
            return int(connection.scalar(sa.select(sa.func.coalesce(sa.func.max(newest_receipt.c.index), -1))) or 0)

    def keep(self, index: int) -> None:
        """Remember `index` if it is newer."""
        statement = insert(newest_receipt).values(only_row=True, index=index)
        newer = sa.func.greatest(newest_receipt.c.index, statement.excluded.index)
        with transaction(self._engine) as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["only_row"], set_={"index": newer}))
