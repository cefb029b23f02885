"""Signing keys: sealed under the root secret, published before they are used, replaced every day."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlalchemy.engine import Engine

from services.identity.sealing import SealBroken, Seals
from services.runtime import tokens
from services.runtime.clock import Clock
from services.runtime.database import transaction
from services.runtime.errors import DependencyUnavailable
from services.runtime.tokens import Act
from services.runtime.verification_keys import PublishedKey

log = logging.getLogger(__name__)

SIGNS_FOR = timedelta(hours=24)
PUBLISHED_AHEAD = timedelta(hours=1)
# Clocks differ a little: the first key must not be from the future for anybody.
_BACKDATED = timedelta(minutes=1)
# A key still verifies a little longer than it signs.
_STILL_VERIFIES = timedelta(minutes=1)
_UNKNOWN_KEY_SECONDS = 1.0
_SEAL = "token key"

_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtext('contactpoint-token-keys'))")
_ALL = sa.text(
    """
    SELECT kid, sealed_private_key, not_before, not_after FROM token_key
    WHERE not_after > :now ORDER BY not_before LIMIT 64
    """
)
_ADD = sa.text(
    """
    INSERT INTO token_key (kid, public_key, sealed_private_key, not_before, not_after)
    VALUES (:kid, :public_key, :sealed, :not_before, :not_after)
    """
)
_FORGET_OLD = sa.text("DELETE FROM token_key WHERE not_after < :now")


@dataclass(frozen=True)
class _Key:
    kid: str
    private: Ed25519PrivateKey
    public: Ed25519PublicKey
    not_before: datetime
    not_after: datetime


class SqlTokenKeys:
    """Keys in PostgreSQL and, while they hold, in memory; a row whose seal is not ours is no key."""

    def __init__(self, *, engine: Engine, seals: Seals, clock: Clock) -> None:
        self._engine = engine
        self._seals = seals
        self._clock = clock
        self._lock = threading.Lock()
        self._held: tuple[_Key, ...] = ()
        self._looked_at = clock.monotonic()

    def sign(self, act: Act) -> str:
        """Return the token that says `act`, signed by the key of now; raises DependencyUnavailable without one."""
        key = self._signing()
        return tokens.sign(act, key.private, key.kid)

    def key(self, kid: str) -> Ed25519PublicKey | None:
        """Return the key of that name if it is valid now, else None: how identity verifies its own tokens."""
        if all(key.kid != kid for key in self._held) and self._may_look_again():
            # Another process of ours may have made it.
            self.refresh()
        now = self._clock.now()
        found = next((key for key in self._held if key.kid == kid), None)
        return found.public if found is not None and found.not_before <= now < found.not_after else None

    def _may_look_again(self) -> bool:
        # Once a second: whoever sends made-up names must not make us read the table each time.
        now = self._clock.monotonic()
        if now - self._looked_at < _UNKNOWN_KEY_SECONDS:
            return False
        self._looked_at = now
        return True

    def published(self) -> Sequence[PublishedKey]:
        """Return the keys of now and of the next rotation, as others may hold them."""
        now = self._clock.now()
        return [
            PublishedKey(key.kid, key.public.public_bytes_raw(), key.not_before, key.not_after)
            for key in self._held
            if now < key.not_after
        ][-16:]

    def rotate(self) -> None:
        """Make the keys that are due, one process at a time: one to sign now, the next in good time."""
        now = self._clock.now()
        with transaction(self._engine) as connection:
            connection.execute(_LOCK)
            held = self._opened(connection.execute(_ALL, {"now": now}).all())
            last = max((key.not_after for key in held), default=None)
            if last is None or last - _STILL_VERIFIES <= now:
                starts_at: datetime | None = now - _BACKDATED
            elif last - _STILL_VERIFIES - PUBLISHED_AHEAD <= now:
                starts_at = last - _STILL_VERIFIES
            else:
                starts_at = None
            if starts_at is not None:
                connection.execute(_ADD, self._made(starts_at))
            connection.execute(_FORGET_OLD, {"now": now - SIGNS_FOR})
        self.refresh()

    def refresh(self) -> None:
        """Read the keys again."""
        with transaction(self._engine) as connection:
            rows = connection.execute(_ALL, {"now": self._clock.now()}).all()
        with self._lock:
            self._held = tuple(self._opened(rows))

    def _signing(self) -> _Key:
        now = self._clock.now()
        fit = [key for key in self._held if key.not_before <= now < key.not_after - _STILL_VERIFIES]
        if not fit:
            raise DependencyUnavailable
        return fit[-1]

    def _made(self, not_before: datetime) -> dict[str, object]:
        private = Ed25519PrivateKey.generate()
        kid = uuid.uuid4().hex[:16]
        not_after = not_before + SIGNS_FOR + _STILL_VERIFIES
        place = (kid, not_before.isoformat(), not_after.isoformat())
        return {
            "kid": kid,
            "public_key": private.public_key().public_bytes_raw(),
            "sealed": self._seals.seal(_SEAL, private.private_bytes_raw(), *place),
            "not_before": not_before,
            "not_after": not_after,
        }

    def _opened(self, rows: Sequence[sa.Row[tuple[object, ...]]]) -> list[_Key]:
        found = []
        for row in rows:
            place = (row.kid, row.not_before.isoformat(), row.not_after.isoformat())
            try:
                private = Ed25519PrivateKey.from_private_bytes(
                    self._seals.open(_SEAL, bytes(row.sealed_private_key), *place)
                )
            except SealBroken:
                log.error("token_key_seal_broken")  # noqa: TRY400  # the trace would show nothing more
                continue
            # The public key comes out of the sealed one: the column is for people who look.
            found.append(_Key(row.kid, private, private.public_key(), row.not_before, row.not_after))
        return found
