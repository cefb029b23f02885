"""Starts a suite from nothing, fills it, and tells the story."""

import json
import os
import sys

from deploy.local.demo.scenes import Scenes
from deploy.local.demo.telling import Telling
from deploy.local.layout import PROJECT, Layout
from deploy.local.population.story_searches import searches
from deploy.local.settlement.inhabitants import settle_in
from deploy.local.settlement.supplying import settle
from deploy.local.suite import Suite

ROOT = Layout(PROJECT / ".local").demo


def main() -> int:
    """Tell the story; return 0 if every step was as told."""
    telling = Telling()
    children = int(os.environ.get("CHILDREN", "20000"))
    suite = Suite(ROOT, say=telling.say)
    telling.say("a suite of its own: PostgreSQL, Valkey, a certificate authority, six processes")
    suite.reset()
    try:
        with telling.step("start", "the suite starts from nothing, and is healthy"):
            suite.start()
        if telling.is_as_told():
            _tell(telling, suite, children)
    finally:
        suite.stop()
    print(json.dumps({"ok": telling.is_as_told(), "children": children, "steps": telling.steps}), flush=True)
    return 0 if telling.is_as_told() else 1


def _tell(telling: Telling, suite: Suite, children: int) -> None:
    with telling.step("people", "organisations are accredited, people enrol with link and code"):
        cast = settle_in(suite, telling.say)
    if not telling.is_as_told():
        return
    with telling.step("population", f"the centre and a supplier bring in {children} children"):
        story = settle(cast, children)
    if not telling.is_as_told():
        return
    scenes = Scenes(telling, cast, story, searches(story))
    scenes.signing_in()
    scenes.searching()
    scenes.telling_apart()
    scenes.opening()
    scenes.creating()
    scenes.shielding()
    scenes.suspending()
    scenes.tampering()
    scenes.failing()
    scenes.looking_back()


if __name__ == "__main__":
    sys.exit(main())
