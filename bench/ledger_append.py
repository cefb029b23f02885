"""Durable entries a second at the ledger's own port, in-process: looks and searches, a real PostgreSQL, fsync on."""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from matplotlib import pyplot as plt

from services.audit.ledger import limits as limit_files
from services.audit.ledger.storage.log import PostgresLog
from services.audit.ledger.storage.store import PostgresStore
from tests.fakes.audit_ledger import LIMITS, Ledger, Person, candidate, with_ceilings
from tests.support.acts import SetClock
from tests.support.postgres import migrated, running_postgres

PEOPLE = 8


def main() -> None:
    """Measure and print one line of JSON; with --out, write it to a file and draw its plot beside it."""
    arguments = argparse.ArgumentParser(prog="python -m bench.ledger_append", description=__doc__)
    arguments.add_argument("--calls", type=int, default=6_000, help="of each kind and width")
    arguments.add_argument("--out", type=Path, help="JSON file; an SVG of the same name is drawn beside it")
    chosen = arguments.parse_args()
    figures = measure(calls=chosen.calls)
    print(json.dumps(figures))
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
        drawn(figures, chosen.out.with_suffix(".svg"))


def measure(*, calls: int) -> dict[str, object]:
    """Return entries a second and milliseconds an answer, by kind of call and number of callers at once."""
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="contactpoint-bench-") as folder, running_postgres(Path(folder)) as server:
        database = migrated(server, "audit.ledger")
        leading, reading = database.engine(pool_size=1), database.engine(pool_size=4)
        # A minute's token and a day's ceilings would end the run; the rule is judged in full all the same.
        generous = {f"person_{what}": 10**9 for what in limit_files.COUNTED}
        limits = with_ceilings(limit_files.read(LIMITS), **generous)
        ledger = Ledger(PostgresStore(leading), PostgresLog(reading), clock=SetClock(), limits=limits).start()
        try:
            ledger.found()
            people = [ledger.somebody() for _ in range(PEOPLE)]
            children = [ledger.create(people[0]).number for _ in range(64)]
            for width in (1, 32, 256):
                figures[f"looks_{width}_at_once"] = _looks(
                    ledger, people, children, width, calls if width > 1 else calls // 8
                )
                figures[f"searches_{width}_at_once"] = _searches(ledger, people, children, width, calls // 4)
            figures["entries"] = ledger.writer.published().size
        finally:
            ledger.stop()
            leading.dispose()
            reading.dispose()
    return figures


def _looks(ledger: Ledger, people: list[Person], children: list[int], width: int, calls: int) -> dict[str, float]:
    made = [ledger.call(people[n % PEOPLE], "directory:DirectoryService/OpenRecord", "EnterLook") for n in range(calls)]

    def look(n: int) -> float:
        began = time.perf_counter()
        ledger.look(people[n % PEOPLE], number=children[n % len(children)], call=made[n])
        return time.perf_counter() - began

    return _timed(look, width, calls)


def _searches(ledger: Ledger, people: list[Person], children: list[int], width: int, calls: int) -> dict[str, float]:
    name = "directory:DirectoryService/SearchChildren"
    made = [ledger.call(people[n % PEOPLE], name, "EnterSearch") for n in range(calls)]
    found = [candidate(number, position=n) for n, number in enumerate(children[:10])]

    def search(n: int) -> float:
        began = time.perf_counter()
        ledger.search(people[n % PEOPLE], found, call=made[n])
        return time.perf_counter() - began

    return _timed(search, width, calls)


def _timed(one: Callable[[int], float], width: int, calls: int) -> dict[str, float]:
    with ThreadPoolExecutor(width) as pool:
        began = time.perf_counter()
        took = sorted(pool.map(one, range(calls)))
        seconds = time.perf_counter() - began
    return {
        "entries_a_second": round(calls / seconds),
        "median_ms": round(statistics.median(took) * 1000, 2),
        "p99_ms": round(took[int(0.99 * (len(took) - 1))] * 1000, 2),
    }


def drawn(figures: dict[str, object], path: Path) -> None:
    """Draw entries a second over the number of callers."""
    widths = (1, 32, 256)
    figure, axes = plt.subplots(figsize=(6, 3.5))
    for kind in ("looks", "searches"):
        rates = [figures[f"{kind}_{width}_at_once"]["entries_a_second"] for width in widths]  # type: ignore[index]  # as measured
        axes.plot([str(width) for width in widths], rates, marker="o", label=f"{kind} (1 and 10 children)")
    axes.set_xlabel("callers at once")
    axes.set_ylabel("durable entries a second")
    axes.set_ylim(bottom=0)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
