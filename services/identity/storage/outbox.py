"""Mails to send: written in the transaction of their act, sealed, sent by a worker, and gone when sent."""

from __future__ import annotations

import json
import logging
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from services.identity.domain.mail import Mail
from services.identity.sealing import SealBroken, Seals
from services.runtime.clock import Clock
from services.runtime.database import transaction

log = logging.getLogger(__name__)

_SEAL = "outbox"

_WRITE = sa.text("INSERT INTO outbox (written_at, sealed) VALUES (:now, :sealed)")
_TAKE = sa.text("SELECT id, written_at, sealed FROM outbox ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED")
_WAITING = sa.text("SELECT count(*) AS waiting, min(written_at) AS oldest_at FROM outbox")
_GONE = sa.text("DELETE FROM outbox WHERE id = :id")


class Post(Protocol):
    """Where mails go."""

    def send(self, mail: Mail, written_at: datetime) -> None:
        """Send one mail; the same mail twice is one. Raises OSError."""
        ...


def write(connection: Connection, *, seals: Seals, clock: Clock, mail: Mail) -> None:
    """Put a mail into the outbox of this transaction."""
    sealed = seals.seal(_SEAL, json.dumps(list(mail)).encode())
    connection.execute(_WRITE, {"now": clock.now(), "sealed": sealed})


class SqlOutbox:
    """The outbox in PostgreSQL."""

    def __init__(self, *, engine: Engine, seals: Seals, post: Post) -> None:
        self._engine = engine
        self._seals = seals
        self._post = post

    def deliver(self) -> int:
        """Send what waits, one by one, and return how many; raises OSError when the post does not take one."""
        sent = 0
        while self._deliver_one():
            sent += 1
        return sent

    def waiting(self) -> tuple[int, datetime | None]:
        """Return how many mails wait, and since when the oldest does."""
        with transaction(self._engine) as connection:
            row = connection.execute(_WAITING).one()
        return row.waiting, row.oldest_at

    def _deliver_one(self) -> bool:
        with transaction(self._engine) as connection:
            row = connection.execute(_TAKE).first()
            if row is None:
                return False
            try:
                mail = Mail(*json.loads(self._seals.open(_SEAL, bytes(row.sealed))))
            except SealBroken:
                log.error("mail_seal_broken")  # noqa: TRY400  # the trace would show nothing more
            else:
                # Sent before the row goes: a crash between the two sends it once more, under the same name.
                self._post.send(mail, row.written_at)
            connection.execute(_GONE, {"id": row.id})
        return True
