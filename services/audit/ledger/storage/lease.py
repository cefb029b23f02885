"""Who may lead: an advisory lock that goes with its connection, and a lease that runs out when nobody renews it.

The lock is quick: a leader that was killed has lost it in milliseconds. The lease is sure: a leader that stands still,
or whose connection the network swallowed, keeps its lock and loses its lease. Neither protects anything. What protects
is the epoch: whoever leads next counts it on, and every transaction of a leader begins by reading it under a row lock.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_LOCK = 0x6C6564676572
"""The advisory lock of the one leader; release 1 knows no other sign."""

# A leader of release 1 renews nothing: its epoch is not the lease's, and its lock alone says that it lives. A leader
# that took over from one that stands still has no lock yet: then the lock, if it can be had, says nothing.
# A time in the future was written by a clock that was put back since.
_LOOK = sa.text("""
SELECT epoch,
  CASE WHEN lease_epoch IS DISTINCT FROM epoch OR is_locked THEN pg_try_advisory_lock(:lock) ELSE false END AS is_ours,
  coalesce(lease_epoch = epoch AND renewed_at NOT BETWEEN
    clock_timestamp() - make_interval(secs => :lease) AND clock_timestamp() + make_interval(secs => :lease), false
  ) AS is_over
FROM writer WHERE id = 1
""")
_TAKE = sa.text("""
UPDATE writer SET epoch = epoch + 1, lease_epoch = epoch + 1, renewed_at = clock_timestamp(), is_locked = :is_ours
WHERE id = 1 AND epoch = :seen AND (:is_ours OR renewed_at NOT BETWEEN
  clock_timestamp() - make_interval(secs => :lease) AND clock_timestamp() + make_interval(secs => :lease))
RETURNING epoch
""")
_RENEW = sa.text("""
UPDATE writer SET renewed_at = clock_timestamp(),
  is_locked = CASE WHEN is_locked THEN true ELSE pg_try_advisory_lock(:lock) END
WHERE id = 1 AND epoch = :epoch RETURNING epoch
""")
_GIVE_BACK = sa.text("UPDATE writer SET renewed_at = '-infinity' WHERE id = 1 AND epoch = :epoch")


def take(connection: Connection, *, lease_seconds: float) -> int | None:
    """Return the epoch that begins with us, or None while another leads; nothing is held on to then."""
    with connection.begin():
        found = connection.execute(_LOOK, {"lock": _LOCK, "lease": lease_seconds}).one()
    if not (found.is_ours or found.is_over):
        return None
    with connection.begin():
        said = {"seen": found.epoch, "is_ours": found.is_ours, "lease": lease_seconds}
        epoch = connection.scalar(_TAKE, said)
    if epoch is None and found.is_ours:
        with connection.begin():
            connection.execute(sa.text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})
    return None if epoch is None else int(epoch)


def renew(connection: Connection, epoch: int) -> bool:
    """Renew the lease, and take the lock if it has become free; return False if another epoch has begun."""
    with connection.begin():
        return connection.scalar(_RENEW, {"lock": _LOCK, "epoch": epoch}) is not None


def give_back(connection: Connection, epoch: int) -> None:
    """Let the lease run out now."""
    with connection.begin():
        connection.execute(_GIVE_BACK, {"epoch": epoch})
