"""The grid of time on which answers leave, by a clock that is set."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.local.layout import PROJECT
from gateway.edge.grid import AnswerGrid, read_grid_seconds


@dataclass
class SetTime:
    """A monotonic clock that moves when somebody sleeps."""

    now: float = 100.0
    slept: list[float] = field(default_factory=list)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@given(took_ms=st.floats(min_value=0, max_value=5_000), grid_ms=st.integers(min_value=1, max_value=1_000))
def test_an_answer_leaves_at_a_multiple_and_soon(took_ms: float, grid_ms: int) -> None:
    time = SetTime()
    grid = AnswerGrid(seconds=grid_ms / 1000, monotonic=time.monotonic, sleep=time.sleep)
    came_at = time.now
    time.now += took_ms / 1000
    grid.hold_back(came_at)
    lines = (time.now - came_at) / (grid_ms / 1000)
    assert lines == pytest.approx(round(lines), abs=1e-6)
    assert 0 <= time.slept[0] < grid_ms / 1000


def test_two_answers_of_different_work_take_the_same_time() -> None:
    took = []
    for work in (0.003, 0.021):
        time = SetTime()
        grid = AnswerGrid(seconds=0.025, monotonic=time.monotonic, sleep=time.sleep)
        time.now += work
        grid.hold_back(100.0)
        took.append(round(time.now - 100.0, 9))
    assert took == [0.025, 0.025]


def test_without_a_grid_nobody_waits() -> None:
    time = SetTime()
    AnswerGrid(seconds=0, monotonic=time.monotonic, sleep=time.sleep).hold_back(99.99)
    assert time.slept == []


def test_the_file_of_limits_says_it(tmp_path: Path) -> None:
    assert read_grid_seconds(PROJECT / "deploy" / "config" / "limits.toml") == 0.025
    for wrong in (
        "",
        "answers = 3",
        "[answers]",
        "[answers]\ngrid_milliseconds = true",
        "[answers]\ngrid_milliseconds = 2000",
    ):
        file = tmp_path / "limits.toml"
        file.write_text(wrong)
        with pytest.raises(ValueError, match="grid_milliseconds"):
            read_grid_seconds(file)
