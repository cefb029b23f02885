"""One suite whose opens are timed on demand: reads "what how-many" a line, writes one line of JSON.

It is started by its path in the folder of a tree, so that another tree of this project can be measured beside ours.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import Any

import grpc

sys.path.insert(0, os.getcwd())  # noqa: PTH109  # the tree whose suite it is

from bench.journeys import NO_CEILINGS, _echo_channel, _handle, _open, _scratch, dated
from tests.support.living import Living, start_living

_CHILDREN = 3000
_SOUGHT = 100
_HANDLES_LAST_SECONDS = 600.0
_WRITTEN_AFTER_SECONDS = 7.0
# As seldom as an open asks each server: by then processors sleep, and others have filled the caches.
_SELDOM_SECONDS = 0.01
SERVERS = ("gateway.edge", "identity", "directory", "audit.ledger")


def main() -> None:
    """Serve until the input ends."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    with tempfile.TemporaryDirectory(prefix="contactpoint-bench-") as folder, ExitStack() as stack:
        living = start_living(Path(folder) / "suite", children=_CHILDREN, limits=NO_CEILINGS)
        stack.callback(living.suite.stop)
        calls = _calls(living, stack)
        print("{}", file=answers, flush=True)
        for line in sys.stdin:
            what, number = line.split()
            if what == "stages":
                answer: dict[str, Any] = _stages(living, int(number))
            else:
                pause_seconds = _SELDOM_SECONDS if what == "seldom" else 0.0
                answer = _measured(living, calls[what], int(number), pause_seconds)
            print(json.dumps(answer), file=answers, flush=True)


def _calls(living: Living, stack: ExitStack) -> dict[str, Callable[[int], object]]:
    nurse = living.cast.signed_in("nurse")
    sought = list(islice(dated(living, _CHILDREN), _SOUGHT))
    handles: list[bytes] = []
    made_at = -_HANDLES_LAST_SECONDS

    def opened(number: int) -> object:
        return _open(nurse, handles[number % len(handles)])

    def found(_: int) -> None:
        nonlocal made_at
        if time.monotonic() - made_at >= _HANDLES_LAST_SECONDS:
            handles[:] = [handle for child in sought if (handle := _handle(nurse, child))]
            made_at = time.monotonic()

    def echo(database: str) -> Callable[[int], object]:
        channel: grpc.Channel = stack.enter_context(_echo_channel(living, database))
        stub = channel.unary_unary("/bench.Echo/Echo", request_serializer=None, response_deserializer=None)
        return lambda _: stub(bytes(200), timeout=5)

    bare = echo("")
    return {"echo": bare, "seldom": bare, "insert": echo(_scratch(living)), "found": found, "open": opened}


def _measured(living: Living, call: Callable[[int], object], number: int, pause_seconds: float) -> dict[str, Any]:
    """Return the milliseconds of each call, and the processor milliseconds a call of each server."""
    before, milliseconds = _processor_ms(living), []
    for one in range(number):
        time.sleep(pause_seconds)
        began = time.perf_counter()
        call(one)
        milliseconds.append(1000 * (time.perf_counter() - began))
    spent = {name: (after - before[name]) / number for name, after in _processor_ms(living).items()}
    return {"milliseconds": milliseconds, "processor": spent}


def _processor_ms(living: Living) -> dict[str, float]:
    """Return the processor time of each server so far, to the nanosecond (`stat` counts in hundredths of a second)."""
    return {
        name: sum(
            int(task.read_text("utf-8").split()[0]) / 1e6
            for task in Path(f"/proc/{living.suite.process(name).pid}/task").glob("*/schedstat")
        )
        for name in SERVERS
    }


def _stages(living: Living, newest: int) -> dict[str, list[float]]:
    """Return, of the newest opens, what each server took itself, in milliseconds; by the spans that they write."""
    time.sleep(_WRITTEN_AFTER_SECONDS)
    took: dict[str, dict[str, float]] = {}
    for name in SERVERS:
        for span in _spans(living.suite.layout.root / "telemetry" / name / f"{name}.spans.jsonl"):
            took.setdefault(span["trace_id"], {})[name] = (span["end_ns"] - span["start_ns"]) / 1e6
            if name == "directory":
                took[span["trace_id"]]["is_open"] = span["name"].endswith("/OpenRecord")
    opens = [one for one in took.values() if one.get("is_open") and all(name in one for name in SERVERS)][-newest:]
    return {
        "edge": [one["gateway.edge"] - one["identity"] - one["directory"] for one in opens],
        "identity": [one["identity"] for one in opens],
        "directory": [one["directory"] - one["audit.ledger"] for one in opens],
        "ledger": [one["audit.ledger"] for one in opens],
    }


def _spans(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines if line.endswith("\n"))


if __name__ == "__main__":
    main()
