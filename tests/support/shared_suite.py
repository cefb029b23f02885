"""One suite for all tests of a session that leave it as they found it: it is started when the first one asks."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.support.living import start_living
from tests.support.town import Town

CHILDREN = 300
_TOWN = pytest.StashKey[Town]()


def shared_town(config: pytest.Config) -> Town:
    """Return the session's suite, started if need be; it is stopped and removed when pytest ends."""
    if _TOWN not in config.stash:
        folder = Path(tempfile.mkdtemp(prefix="contactpoint-"))
        living = start_living(folder / "suite", children=CHILDREN)

        def end() -> None:
            living.suite.stop()
            shutil.rmtree(folder, ignore_errors=True)

        config.add_cleanup(end)
        config.stash[_TOWN] = Town(living)
    return config.stash[_TOWN]
