"""PostgreSQL's programs, run to their end."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from deploy.local.fault import Fault


def run(command: Sequence[str | Path]) -> str:
    """Return what a program printed; raises Fault with its last words if it failed."""
    ended = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        msg = f"{Path(command[0]).name} failed:\n{(ended.stderr or ended.stdout).strip()[-800:]}"
        raise Fault(msg)
    return ended.stdout
