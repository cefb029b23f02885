"""The supervisor in the background: how it is started, and what it tells the one who started it.

It writes lines of JSON to its standard output: `{"said": line}` for each step, and last `{"ready": true}`,
`{"failed": message}` or `{"busy": true}`; after that it speaks to its log only.
"""

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO

from deploy.local.fault import Fault
from deploy.local.layout import Layout
from deploy.local.plan import Plan
from deploy.local.supervisor import AlreadyRunning, Supervisor

_LARGEST_LOG_BYTES = 1 << 20


def supervise(root: Path, *, is_tied: bool) -> int:
    """Run the supervisor of `root` as its plan says, until told to stop; return the exit code.

    A tied one ends when its standard input does, so that it never outlives the test that started it.
    """
    layout = Layout(root)
    plan = Plan.read(layout)
    if plan is None:
        _tell({"failed": f"{root} holds no plan."})
        return 1
    log_file = layout.logs / "supervisor.log"
    if log_file.exists() and log_file.stat().st_size > _LARGEST_LOG_BYTES:
        log_file.replace(log_file.with_suffix(".log.1"))
    begun_at = time.monotonic()
    with open(os.open(log_file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", buffering=1) as log:  # noqa: PTH123

        def say(line: str) -> None:
            spoken = f"{time.monotonic() - begun_at:6.1f} s  {line}"
            _log(log, line)
            _tell({"said": spoken})

        def ready() -> None:
            _log(log, "ready")
            _tell({"ready": True})
            _hang_up()

        supervisor = Supervisor(layout, plan, say=say, on_ready=ready, lifeline=0 if is_tied else None)
        try:
            supervisor.run()
        except AlreadyRunning:
            _tell({"busy": True})
            return 1
        except Fault as fault:
            _log(log, str(fault))
            _tell({"failed": str(fault)})
            return 1
    return 0


def foreground(layout: Layout, plan: Plan) -> None:
    """Run the supervisor here and now, until Ctrl-C or SIGTERM; raises Fault and AlreadyRunning."""
    begun_at = time.monotonic()

    def say(line: str) -> None:
        print(f"{time.monotonic() - begun_at:6.1f} s  {line}", flush=True)

    Supervisor(layout, plan, say=say, on_ready=lambda: say("ready; Ctrl-C ends it"), lifeline=None).run()


def _log(log: TextIO, line: str) -> None:
    with suppress(OSError):
        log.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {line}\n")


def _tell(message: dict[str, Any]) -> None:
    # Whoever started us may be gone; that is their right.
    with suppress(OSError, ValueError):
        sys.stdout.write(json.dumps(message) + "\n")
        sys.stdout.flush()


def _hang_up() -> None:
    """Give the pipe back: the one who started us reads to its end."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)
