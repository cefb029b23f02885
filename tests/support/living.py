"""A whole suite with people and children in it, for journeys and promises: real processes, nothing faked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.layout import PROJECT
from deploy.local.population.story import Story
from deploy.local.processes import PROCESSES, Process, Setting
from deploy.local.settlement.inhabitants import Cast, settle_in
from deploy.local.settlement.supplying import settle
from deploy.local.suite import Suite

LIMITS = PROJECT / "deploy" / "config" / "limits.toml"
_HAVE_LIMITS = ("audit.ledger", "identity", "gateway.edge")


@dataclass(frozen=True)
class Living:
    """A running suite, who lives in it, and the children of the story."""

    suite: Suite
    cast: Cast
    story: Story


def limits_file(folder: Path, changes: Mapping[str, int]) -> Path:
    """Return a file of limits with some figures changed, by their names; each name must stand in it exactly once."""
    text = LIMITS.read_text("utf-8")
    for name, value in changes.items():
        section, _, key = name.rpartition(".")
        head, found, rest = text.partition(f"[{section}]")
        assert found, name
        rest, count = re.subn(rf"(?m)^{key} = \d+$", f"{key} = {value}", rest, count=1)
        assert count == 1, name
        text = head + found + rest
    path = folder / "limits.toml"
    path.write_text(text, "utf-8")
    return path


def start_living(
    root: Path,
    *,
    children: int = 300,
    limits: Mapping[str, int] | None = None,
    dedicated_postgres: Mapping[str, Path] | None = None,
    processes: tuple[Process, ...] = PROCESSES,
) -> Living:
    """Return a started suite in `root` with everyone enrolled; the grid is off unless `limits` says otherwise."""
    root.mkdir(parents=True, exist_ok=True)
    path = str(limits_file(root.parent, {"answers.grid_milliseconds": 0, **(limits or {})}))
    settings: dict[str, dict[str, Setting]] = {name: {"limits": path} for name in _HAVE_LIMITS}
    # The minute's courtesy is not what is tested here, and tests are faster than people.
    settings["gateway.edge"]["calls_a_minute"] = 1_000_000
    suite = Suite(root, processes=processes, settings=settings, dedicated_postgres=dedicated_postgres)
    suite.start()
    try:
        cast = settle_in(suite, print)
        story = settle(cast, children)
    except BaseException:
        suite.stop()
        raise
    return Living(suite, cast, story)
