"""Refusals that wait to be entered in the log: of known people one by one, of names nobody has by the minute."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from services.identity.ports import Ledger, Refusal
from services.runtime.database import transaction

_TAKE_KNOWN = sa.text(
    "SELECT id, act, rule, person, organisation FROM refusal WHERE person <> '' ORDER BY id LIMIT :most"
)
_GONE = sa.text("DELETE FROM refusal WHERE id = :id")
_COUNT_UNKNOWN = sa.text(
    "SELECT act, rule, count(*) AS times, max(id) AS last FROM refusal WHERE person = '' GROUP BY act, rule"
)
_COUNTED = sa.text("DELETE FROM refusal WHERE person = '' AND act = :act AND rule = :rule AND id <= :last")
_MOST = 50


class SqlRefusals:
    """Refusals in PostgreSQL, and counts in memory of calls without any session, whose loss loses a number."""

    def __init__(self, *, engine: Engine) -> None:
        self._engine = engine
        self._counts: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()

    def count(self, act: str, rule: str) -> None:
        """Count one refusal of a caller nobody knows."""
        with self._lock:
            self._counts[act, rule] += 1

    def enter_known(self, ledger: Ledger) -> int:
        """Enter some refusals of known people, each once or, after a crash, twice, and return how many."""
        # No call inside a transaction: taken, entered, and only then gone.
        with transaction(self._engine) as connection:
            rows = connection.execute(_TAKE_KNOWN, {"most": _MOST}).all()
        for row in rows:
            ledger.enter_refusal(Refusal(act=row.act, rule=row.rule, person=row.person, organisation=row.organisation))
            with transaction(self._engine) as connection:
                connection.execute(_GONE, {"id": row.id})
        return len(rows)

    def enter_counts(self, ledger: Ledger) -> None:
        """Enter one entry for each kind of refusal of callers nobody knows, since the last time."""
        with self._lock:
            counted, self._counts = self._counts, Counter()
        for (act, rule), times in list(counted.items()):
            try:
                ledger.enter_refusal(Refusal(act=act, rule=rule, count=times))
                counted.pop((act, rule))
            finally:
                if (act, rule) in counted:
                    with self._lock:
                        self._counts.update(counted)
        for act, rule, times, last in self._stored_counts():
            ledger.enter_refusal(Refusal(act=act, rule=rule, count=times))
            with transaction(self._engine) as connection:
                connection.execute(_COUNTED, {"act": act, "rule": rule, "last": last})

    def _stored_counts(self) -> Sequence[tuple[str, str, int, int]]:
        with transaction(self._engine) as connection:
            rows = connection.execute(_COUNT_UNKNOWN).all()
        return [(row.act, row.rule, row.times, row.last) for row in rows]
