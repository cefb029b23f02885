"""What each process costs: memory, processor time, start-up; and what children and entries take on disk."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from bench.journeys import NO_CEILINGS, _handle, _open, dated
from tests.support.living import Living, start_living

_TICKS = os.sysconf("SC_CLK_TCK")
_STORES = ("audit.ledger", "audit.review", "identity", "directory", "shielding")
_EDGE_CALLS_A_JOURNEY = 2
_SIZE = "SELECT pg_database_size(current_database())"


def main() -> None:
    """Measure and print one line of JSON."""
    arguments = argparse.ArgumentParser(prog="python -m bench.sizing", description=__doc__)
    arguments.add_argument("--children", type=int, default=20_000)
    arguments.add_argument("--journeys", type=int, default=500, help="search and open, one caller")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="contactpoint-bench-") as folder:
        living = start_living(Path(folder) / "suite", children=chosen.children, limits=NO_CEILINGS)
        try:
            print(json.dumps(measure(living, children=chosen.children, journeys=chosen.journeys)))
        finally:
            living.suite.stop()


def measure(living: Living, *, children: int, journeys: int) -> dict[str, Any]:
    """Return the figures; sizes in bytes, times in seconds."""
    settled = _sizes(living)
    nurse = living.cast.signed_in("nurse")
    sought = [child for child, _ in zip(dated(living, children), range(journeys), strict=False)]
    for child in sought[:20]:
        _open(nurse, _handle(nurse, child))
    before, cpu, began = _sizes(living), _cpu(living), time.perf_counter()
    entries = _entries(living)
    for child in sought:
        _open(nurse, _handle(nurse, child))
    seconds, used = time.perf_counter() - began, _cpu(living)
    made, after = _entries(living) - entries, _sizes(living)
    calls = _EDGE_CALLS_A_JOURNEY * len(sought)
    return {
        "children": children,
        "journeys": len(sought),
        "journeys_a_second_one_caller": round(len(sought) / seconds, 1),
        "cpu_seconds_a_thousand_edge_calls": {name: round((used[name] - cpu[name]) / calls * 1000, 2) for name in used},
        "resident_megabytes": {name: _resident(living, name) >> 20 for name in cpu if name != "postgres"},
        "database_bytes": settled,
        "database_bytes_a_child": {
            "audit.ledger": round(sum(_table(living, "audit.ledger", one) for one in ("child_key", "tag")) / children),
            "directory": round(sum(_table(living, "directory", one) for one in ("record", "index_delta")) / children),
        },
        "entries_a_journey": round(made / len(sought), 2),
        "ledger_bytes_an_entry": round((after["audit.ledger"] - before["audit.ledger"]) / made),
        "start_seconds": _starts(living),
    }


def _sizes(living: Living) -> dict[str, int]:
    for name in _STORES:
        living.suite.psql(name, "CHECKPOINT")
    return {name: int(living.suite.psql(name, _SIZE)[0][0]) for name in _STORES}


def _table(living: Living, database: str, table: str) -> int:
    return int(living.suite.psql(database, "SELECT pg_total_relation_size(%s::regclass)", table)[0][0])


def _entries(living: Living) -> int:
    return int(living.suite.psql("audit.ledger", "SELECT count(*) FROM entry")[0][0])


def _pids(living: Living) -> dict[str, int]:
    children = (living.suite.status() or {})["children"]
    return {name: child["pid"]["number"] for name, child in children.items() if child["pid"]}


def _cpu(living: Living) -> dict[str, float]:
    """Return processor seconds by process; PostgreSQL's with all of its own processes."""
    spent = {name: _ticks(pid) for name, pid in _pids(living).items()}
    main = _pids(living)["postgres"]
    spent["postgres"] = sum(_ticks(pid) for pid in _family(main))
    return {name: ticks / _TICKS for name, ticks in spent.items()}


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _family(pid: int) -> list[int]:
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").iterdir():
            found += map(int, (task / "children").read_text().split())
    return found


def _resident(living: Living, name: str) -> int:
    line = next(
        one for one in Path(f"/proc/{_pids(living)[name]}/status").read_text().splitlines() if one.startswith("VmRSS")
    )
    return int(line.split()[1]) * 1024


def _starts(living: Living) -> dict[str, float]:
    found = {}
    for name in (*_STORES, "gateway.edge"):
        process = living.suite.process(name)
        process.stop()
        began = time.perf_counter()
        process.start()
        process.wait_healthy()
        found[name] = round(time.perf_counter() - began, 1)
    return found


if __name__ == "__main__":
    main()
