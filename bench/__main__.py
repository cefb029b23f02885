"""`python -m bench [NAME...]`: measures everything, or what is named, and writes bench/results and bench/README.md."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results"

# Name: module and arguments, and what it is.
RUNS: dict[str, tuple[tuple[str, ...], str]] = {
    "search-20k": (("bench.search", "--children", "20000"), "Search inside the directory, 20,000 children"),
    "search-1m": (("bench.search", "--children", "1000000"), "Search inside the directory, 1,000,000 children"),
    "ledger-append": (("bench.ledger_append",), "Durable entries at the log's own port"),
    "journeys": (("bench.journeys", "--children", "20000"), "The whole suite, everything on this machine"),
    "opens": (("bench.opens",), "One open, whose time it is"),
    "pages": (("bench.pages", "--children", "20000"), "Pages, as browsers ask for them"),
    "envoy": (("bench.envoy",), "The edge and Envoy with ext_authz, the same authorise call"),
}

NOTES: dict[str, str] = {
    "opens": """Two suites stood side by side and were asked in turn, on a machine with other work (its load is in the
table): believe the ratio of the two trees. The multiple of bare echoes is measured alone, in the goals above; that
figure is of before opens were shortened wherever it is 6.85. *Own time* is by spans, a server's without those it asked;
*processor time* is each server's, without PostgreSQL's and Valkey's.

What was cut: SQLAlchemy and pings around the directory's three statements and identity's one; three of the ledger's
five journeys to PostgreSQL; a loop of PyJWT over every letter of a signature's text, twice an open; 140 hashes for
each root of the tree; exemplars that nobody is shown.

What is left has no stage that stands out. It is Python that runs cold: in a chain each server sleeps while the others
use the same two cores. The bare echo shows it, asked every 10 ms instead of in a loop, and `Authorise`: 1.6 ms of
identity's processor time in a loop, 3.3 ms as part of an open (measured before the cuts). Of the edge's samples a
fourth were the Redis client's; of each server's Python calls about a tenth are telemetry's. To twice the bare echoes in
a loop these servers do not come, we judge; fewer hops or another language would.""",
}
"""What a bench's figures need to be told with."""


def main() -> int:
    """Run the benches that the arguments name; return the first exit code that is not 0."""
    chosen = sys.argv[1:] or list(RUNS)
    RESULTS.mkdir(exist_ok=True)
    for name in chosen:
        if name not in RUNS:
            print(f"no such bench: {name} (there are: {', '.join(RUNS)})", file=sys.stderr)
            return 2
        arguments, what = RUNS[name]
        print(f"{name}: {what} ...", flush=True)
        ended = subprocess.run(
            [sys.executable, "-m", *arguments, "--out", str(RESULTS / f"{name}.json")], cwd=HERE.parent, check=False
        )
        if ended.returncode:
            return ended.returncode
    (HERE / "README.md").write_text(page(), "utf-8")
    return 0


_SLIPPED = ("scenarios", "one edit in each name and a date slip")

# What we aim at: result, path to the figure, words, and whether more or less of it is better.
GOALS: tuple[tuple[str, tuple[str, ...], str, float, bool], ...] = (
    ("journeys", ("open_to_hops",), "open, one caller, as a multiple of its hops as bare echoes", 2, False),
    ("journeys", ("journeys_a_second", "8"), "journeys (search + open) a second, 8 callers", 50, True),
    ("journeys", ("journeys_a_second", "32"), "journeys (search + open) a second, 32 callers", 50, True),
    ("journeys", ("supplied_a_second",), "children supplied a second", 1000, True),
    (
        "ledger-append",
        ("looks_256_at_once", "entries_a_second"),
        "durable looks a second at the log's own port",
        2000,
        True,
    ),
    (
        "search-1m",
        (*_SLIPPED, "p50_ms"),
        "search among 1,000,000, an edit in each name and a date slip, p50 in ms",
        25,
        False,
    ),
    ("search-1m", (*_SLIPPED, "recall_at_10"), "the same, recall at 10", 0.98, True),
)


def goals() -> list[str]:
    """Return the table of goals with what was measured."""
    lines = ["| goal | aim | measured | |", "|---|---|---|---|"]
    for name, keys, words, aim, is_more_better in GOALS:
        path = RESULTS / f"{name}.json"
        if not path.exists():
            continue
        figure = json.loads(path.read_text("utf-8"))
        for key in keys:
            figure = figure[key]
        is_met = figure >= aim if is_more_better else figure <= aim
        sign = "at least" if is_more_better else "at most"
        lines.append(f"| {words} | {sign} {aim} | {figure} | {'met' if is_met else 'NOT MET'} |")
    return lines


def page() -> str:
    """Return the page of results."""
    lines = [
        "# What we measured",
        "",
        "`make bench` measures everything anew and writes this page; `make bench B=journeys` one part.",
        "",
        f"Machine: {platform.system()} {platform.release()}, {os.cpu_count()} cores,",
        f"Python {platform.python_version()}.",
        f"Everything runs on it at once. Written {datetime.now(UTC):%Y-%m-%d}.",
        "Machines are noisy: compare figures within one run only. The answer grid is off.",
        "",
        *goals(),
        "",
    ]
    for name, (arguments, what) in RUNS.items():
        path = RESULTS / f"{name}.json"
        if path.exists():
            lines += [f"## {what}", "", f"`python -m {' '.join(arguments)}`", ""]
            lines += [NOTES[name], ""] if name in NOTES else []
            lines += ["| figure | value |", "|---|---|"]
            lines += [f"| {key} | {value} |" for key, value in _flat(json.loads(path.read_text("utf-8")))]
            lines += ["", f"![{what}](results/{name}.svg)", ""]
    return "\n".join(lines)


def _flat(figures: dict[str, Any], before: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in figures.items():
        name = f"{before}{key.replace('_', ' ')}"
        found += _flat(value, f"{name}, ") if isinstance(value, dict) else [(name, value)]
    return found


if __name__ == "__main__":
    sys.exit(main())
