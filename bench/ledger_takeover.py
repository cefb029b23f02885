"""How long a standby takes to lead, and a ledger that starts from nothing, over a month of so many entries."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from services.audit.ledger import limits as limit_files
from services.audit.ledger.following import Following
from services.audit.ledger.storage.key_wrapping import FileKeyWrapping
from services.audit.ledger.storage.log import PostgresLog
from services.audit.ledger.storage.store import PostgresStore
from services.audit.ledger.use_cases.enter_refusals import EnterRefusals, Refusals
from services.runtime import deadline
from tests.fakes.audit_ledger import ENVIRONMENT, LIMITS, Ledger
from tests.support.acts import SetClock
from tests.support.postgres import TestDatabase, migrated, running_postgres

_REFUSAL = Refusals(act="sign_in", rule="UNKNOWN", person="", organisation="", session_tag="", count=1)
_WRITERS = 64
_PATIENCE_SECONDS = 120.0
_MISSED = 500
"""What was written since the standby last looked: a second of the design load."""


def main() -> None:
    """Measure and print one line of JSON."""
    arguments = argparse.ArgumentParser(prog="python -m bench.ledger_takeover", description=__doc__)
    arguments.add_argument("--entries", type=int, default=100_000)
    print(json.dumps(measure(entries=arguments.parse_args().entries)))


def measure(*, entries: int) -> dict[str, float]:
    """Return seconds, of the clock and of the processor, from nobody leading to leading: warm, and from nothing."""
    with tempfile.TemporaryDirectory(prefix="contactpoint-bench-") as folder, running_postgres(Path(folder)) as server:
        database = migrated(server, "audit.ledger")
        leading, reading = database.engine(pool_size=1), database.engine(pool_size=4)
        ledger = Ledger(PostgresStore(leading), PostgresLog(reading)).start()
        _write(ledger, entries)
        warm = _following(database)
        warm.catch_up()
        _write(ledger, _MISSED)
        ledger.stop()
        figures: dict[str, float] = {"entries": entries + _MISSED}
        for name, one in (("warm", warm), ("from_nothing", _following(database))):
            began, worked = time.perf_counter(), time.process_time()
            one.lead()
            figures[f"{name}_seconds"] = round(time.perf_counter() - began, 3)
            figures[f"{name}_processor_seconds"] = round(time.process_time() - worked, 3)
            one.store.give_back()
        leading.dispose()
        reading.dispose()
    return figures


def _following(database: TestDatabase) -> Following:
    limits = limit_files.read(LIMITS)
    return Following(
        store=PostgresStore(database.engine(pool_size=1)),
        wrapping=FileKeyWrapping(b"r" * 32, environment=ENVIRONMENT),
        clock=SetClock(),
        environment=ENVIRONMENT,
        limits_digest=limits.digest,
        session_seconds=limits.session_seconds,
    )


def _write(ledger: Ledger, entries: int) -> None:
    enter = EnterRefusals(writer=ledger.writer)

    def write(_: int) -> None:
        # Not what is measured: a machine that is busy with other work may take its time.
        with deadline.within(_PATIENCE_SECONDS):
            enter(_REFUSAL)

    with ThreadPoolExecutor(_WRITERS) as pool:
        for _ in pool.map(write, range(entries)):
            pass


if __name__ == "__main__":
    main()
