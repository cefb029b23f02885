"""How the story is told: line by line, step by step, each with its time and whether it was as told."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from deploy.local.fault import Fault
from deploy.local.settlement.outside import Refused

_BACK_SECONDS = 30.0
T = TypeVar("T")


class NotAsTold(Exception):
    """The suite did something else than the story says."""


@dataclass
class Telling:
    """What has been told so far, line by line and step by step."""

    steps: list[dict[str, Any]] = field(default_factory=list)
    begun_at: float = field(default_factory=time.monotonic)

    def is_as_told(self) -> bool:
        """Return whether every step so far was as told."""
        return all(step["ok"] for step in self.steps)

    def say(self, line: str) -> None:
        """Print one line, with the seconds since the beginning."""
        print(f"{time.monotonic() - self.begun_at:7.1f} s  {line}", flush=True)

    @contextmanager
    def step(self, name: str, story: str) -> Iterator[None]:
        """Tell one step; what goes wrong in it is kept, and the story goes on."""
        begun_at = time.monotonic()
        wrong = ""
        try:
            yield
        except (NotAsTold, Refused, Fault) as error:
            wrong = str(error)
        milliseconds = round((time.monotonic() - begun_at) * 1000, 1)
        self.steps.append({"name": name, "story": story, "ok": not wrong, "wrong": wrong, "ms": milliseconds})
        self.say(f"{'ok   ' if not wrong else 'WRONG'} {story} ({milliseconds:.0f} ms){': ' + wrong if wrong else ''}")


def refused(reason: str | None, call: Callable[[], object]) -> None:
    """Make a call that must be refused, for this reason where one is given; raises NotAsTold."""
    try:
        call()
    except Refused as found:
        if reason is not None and found.reason != reason:
            raise NotAsTold(f"refused, but with {found.reason}") from None
        return
    raise NotAsTold("it was not refused")


def in_time(call: Callable[[], T]) -> T:
    """Return the answer of a call that is made until it is not refused; raises Refused if it always is."""
    end = time.monotonic() + _BACK_SECONDS
    while True:
        try:
            return call()
        except Refused:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def check(holds: bool, what: str) -> None:  # noqa: FBT001  # reads as a sentence
    """Raise NotAsTold unless it holds."""
    if not holds:
        raise NotAsTold(what)
