"""Something behind the pages is down for a while; afterwards all is as it was, and whoever calls it has found it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from deploy.local.population.story_searches import exact
from deploy.local.settlement.outside import Refused
from tests.pages.signed_in import signed_in
from tests.support.town import Town

_PATIENCE_SECONDS = 60.0


@contextmanager
def stopped(town: Town, kind: str) -> Iterator[None]:
    """Keep all processes of a kind down, a second one that would lead instead too, and wait for them afterwards."""
    names = [process.name for process in town.suite.plan.processes if process.kind == kind]
    for name in names:
        town.suite.process(name).stop()
    try:
        yield
    finally:
        for name in names:
            town.suite.process(name).start()
        _until_all_answer(town)


def _until_all_answer(town: Town) -> None:
    # A process that runs is not yet found by those who tried to call it while it was down.
    due_at = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            town.handle(town.seat("nurse"), exact(town.living.story.unique))
            signed_in(town, "nurse")
        except (Refused, AssertionError):
            if time.monotonic() > due_at:
                raise
            time.sleep(0.3)
        else:
            return
