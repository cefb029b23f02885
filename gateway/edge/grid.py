"""Some answers leave on a grid of time, so that their timing says nothing about what was found, hidden or refused."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

_LONGEST_MILLISECONDS = 1000


@dataclass(frozen=True, kw_only=True)
class AnswerGrid:
    """Holds an answer back until the next multiple of `seconds` after its call came in; 0 holds nothing back."""

    seconds: float
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep

    def hold_back(self, came_at_seconds: float) -> None:
        """Return at the next grid line, counted from `came_at_seconds` on the monotonic clock."""
        if self.seconds <= 0:
            return
        passed = self.monotonic() - came_at_seconds
        self.sleep(-passed % self.seconds)


def read_grid_seconds(limits: Path) -> float:
    """Return the grid of the file of limits, in seconds; raises ValueError where the file does not say it."""
    answers = tomllib.loads(limits.read_text("utf-8")).get("answers", {})
    milliseconds = answers.get("grid_milliseconds") if isinstance(answers, dict) else None
    if type(milliseconds) is not int or not 0 <= milliseconds <= _LONGEST_MILLISECONDS:
        raise ValueError("answers.grid_milliseconds must be a whole number from 0 to 1000")
    return milliseconds / 1000
