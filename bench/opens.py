"""One open, stage by stage; with `--beside`, of another tree of this project too, both asked in turn.

What else the machine does meanwhile meets both alike, so that their ratio can be believed where the figures cannot.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from deploy.local.layout import PROJECT

_COLOURS = {"edge": "#1d70b8", "identity": "#5694ca", "directory": "#00703c", "ledger": "#f47738"}
_EACH = {"echo": 40, "seldom": 20, "insert": 40, "found": 1, "open": 40}


class Side:
    """A suite of one tree."""

    def __init__(self, tree: Path) -> None:
        paths = f"{tree}{os.pathsep}{tree / 'gen'}"
        self._running = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("open_process.py"))],
            cwd=tree,
            env={**os.environ, "PYTHONPATH": paths},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.milliseconds: dict[str, list[float]] = {}
        self.processor: list[dict[str, float]] = []

    def wait(self) -> Any:
        """Return the next answer; raises EOFError if the suite has ended."""
        assert self._running.stdout is not None  # noqa: S101  # a pipe was asked for
        line = self._running.stdout.readline()
        if not line:
            raise EOFError
        return json.loads(line)

    def ask(self, what: str, number: int) -> Any:
        """Return the answer to one line."""
        assert self._running.stdin is not None  # noqa: S101  # as above
        self._running.stdin.write(f"{what} {number}\n")
        self._running.stdin.flush()
        return self.wait()

    def measure(self, what: str, number: int) -> None:
        """Measure a few calls more."""
        answer = self.ask(what, number)
        self.milliseconds.setdefault(what, []).extend(answer["milliseconds"])
        if what == "open":
            self.processor.append(answer["processor"])

    def figures(self, hops: float) -> dict[str, Any]:
        """Return what was measured, milliseconds at the median; `hops`: those of four hops as bare echoes."""
        stages = self.ask("stages", len(self.milliseconds["open"]))
        opened = statistics.median(self.milliseconds["open"])
        spent = {name: statistics.median(one[name] for one in self.processor) for name in self.processor[0]}
        return {
            "open": round(opened, 2),
            "open_a_tenth_is_below": round(statistics.quantiles(self.milliseconds["open"], n=10)[0], 2),
            "open_to_hops": round(opened / hops, 2),
            "own_time": {name: round(statistics.median(one), 2) for name, one in stages.items()},
            "processor_time": {name: round(one, 2) for name, one in spent.items()},
            "processor_time_of_all": round(sum(spent.values()), 2),
        }

    def stop(self) -> None:
        """Stop the suite."""
        assert self._running.stdin is not None  # noqa: S101  # as above
        self._running.stdin.close()
        self._running.wait(120)


def main() -> None:
    """Measure and print one line of JSON; with --out, write it to a file."""
    arguments = argparse.ArgumentParser(prog="python -m bench.opens", description=__doc__)
    arguments.add_argument("--beside", type=Path, help="another tree of this project, with its generated stubs")
    arguments.add_argument("--beside-is", default="", help="what is said of that tree, such as its commit")
    arguments.add_argument("--rounds", type=int, default=15)
    arguments.add_argument("--out", type=Path, help="JSON file; an SVG of the same name is drawn beside it")
    chosen = arguments.parse_args()
    sides = {"this_tree": Side(PROJECT)} | ({"beside": Side(chosen.beside.resolve())} if chosen.beside else {})
    try:
        for side in sides.values():
            side.wait()
        for turn in range(chosen.rounds):
            for what, number in _EACH.items():
                for side in list(sides.values())[:: -1 if turn % 2 else 1]:
                    side.measure(what, number)
        figures: dict[str, Any] = {"load_of_the_machine": round(os.getloadavg()[1], 1)}
        figures |= {"beside_is": chosen.beside_is} if chosen.beside else {}
        # An echo is the same whosever suite stands beside it.
        echo, seldom, insert = (
            statistics.median(one for side in sides.values() for one in side.milliseconds[what])
            for what in ("echo", "seldom", "insert")
        )
        figures["echo"], figures["echo_every_10_milliseconds"] = round(echo, 2), round(seldom, 2)
        figures["hops_as_bare_echoes"] = round(3 * echo + insert, 2)
        figures |= {name: side.figures(3 * echo + insert) for name, side in sides.items()}
    finally:
        for side in sides.values():
            side.stop()
    print(json.dumps(figures))
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
        drawn(figures, list(sides), chosen.out.with_suffix(".svg"))


def drawn(figures: dict[str, Any], sides: list[str], path: Path) -> None:
    """Draw whose time an open is, one bar a tree."""
    import matplotlib as mpl  # noqa: PLC0415  # only where it draws

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    drawing, place = plt.subplots(figsize=(11, 1.5 + len(sides)))
    left = dict.fromkeys(sides, 0.0)
    for stage, colour in _COLOURS.items():
        for name in sides:
            took = figures[name]["own_time"][stage]
            place.barh(name, took, left=left[name], color=colour, label=stage if name == "this_tree" else None)
            left[name] += took
    place.axvline(figures["hops_as_bare_echoes"], color="black")
    place.set_xlabel("milliseconds of one open, own time of each server; the line: its hops as bare echoes")
    place.legend()
    drawing.tight_layout()
    drawing.savefig(path)


if __name__ == "__main__":
    main()
