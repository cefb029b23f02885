"""What was made public of the log, remembered apart from the public files."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.engine import Engine

from services.audit.review.ports import Published, SizeWentBack
from services.audit.review.storage.tables import published_log
from services.runtime.database import transaction


class SqlPublishedLog:
    """Keeps the newest checkpoint that was made public; its size never goes down."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._largest_kept: int | None = None

    @property
    def largest_kept(self) -> int | None:
        """The size that this process read or kept last, None before the first; for measuring alone."""
        return self._largest_kept

    def newest(self) -> Published | None:
        """Return the newest, None before the first."""
        query = sa.select(published_log.c.size, published_log.c.root, published_log.c.verifier_key)
        with transaction(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        self._largest_kept = None if row is None else int(row.size)
        return None if row is None else Published(int(row.size), bytes(row.root), str(row.verifier_key))

    def keep(self, published: Published) -> None:
        """Remember it, durably; raises SizeWentBack if something larger is remembered."""
        values = {"size": published.size, "root": published.root, "verifier_key": published.verifier_key}
        new = insert(published_log).values(only_row=True, **values)
        forward = new.on_conflict_do_update(
            index_elements=["only_row"], set_=values, where=published_log.c.size <= new.excluded.size
        )
        with transaction(self._engine) as connection:
            if connection.execute(forward.returning(published_log.c.size)).one_or_none() is None:
                raise SizeWentBack
        self._largest_kept = published.size
