"""Answers that disclose leave on a grid of time, so that their timing says nothing about what was found or hidden."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


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
    """Return the grid of the file of limits, in seconds; raises KeyError or ValueError where the file does not say it."""
    milliseconds = tomllib.loads(limits.read_text("utf-8"))["answers"]["grid_milliseconds"]
    if not isinstance(milliseconds, int) or not 0 <= milliseconds <= 1000:  # noqa: PLR2004  # a second would be felt
        raise ValueError("answers.grid_milliseconds must be a whole number from 0 to 1000")
    return milliseconds / 1000
