"""The newest entry of the ledger that shielding has seen: a ledger that knows less is not believed."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Connection, Engine

from services.runtime.database import transaction
from services.shielding.storage.tables import newest_receipt


class SqlNewestReceipt:
    """Keeps the index of the newest receipt; it never goes down."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def load(self) -> int:
        """Return the index, -1 before the first receipt."""
        with transaction(self._engine) as connection:
            found = connection.scalar(sa.select(newest_receipt.c.index))
        return -1 if found is None else int(found)

    def keep(self, index: int) -> None:
        """Remember `index` if it is newer."""
        with transaction(self._engine) as connection:
            keep_newest(connection, index)


def keep_newest(connection: Connection, index: int) -> None:
    """Remember `index` if it is newer, in a transaction that writes something else too."""
    new = insert(newest_receipt).values(only_row=True, index=index)
    newer = sa.func.greatest(newest_receipt.c.index, new.excluded.index)
    connection.execute(new.on_conflict_do_update(index_elements=["only_row"], set_={"index": newer}))
