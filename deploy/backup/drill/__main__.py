"""`make restore-drill`: lose everything, begin from shares and backups on an empty folder, and try each case."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from deploy.backup.drill.cases import restore_drill
from deploy.local.demo.telling import Telling

_CHILDREN = 200


def main() -> int:
    """Run the drill in a folder of its own; return 0 if every step was as told."""
    telling = Telling()
    folder = Path(tempfile.mkdtemp(prefix="contactpoint-drill-"))
    try:
        restore_drill(telling, folder, children=_CHILDREN)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(json.dumps({"ok": telling.is_as_told(), "steps": telling.steps}), flush=True)
    return 0 if telling.is_as_told() else 1


if __name__ == "__main__":
    sys.exit(main())
