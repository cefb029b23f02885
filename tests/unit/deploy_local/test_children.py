"""Processes of the operating system: told apart, started, collected, put off."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.local import child as child_module
from deploy.local import stores
from deploy.local.child import Child
from deploy.local.layout import Layout
from deploy.local.operating_system import Pid, working_in

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def a_child(tmp_path: Path, code: str) -> Child:
    return Child(
        name="sample",
        command=lambda: [sys.executable, "-c", code],
        is_ready=lambda: True,
        environment={},
        log=tmp_path / "sample.log",
        folder=tmp_path,
    )


def ended(child: Child) -> Child:
    child.start()
    assert child.popen is not None
    child.popen.wait()
    assert child.collect()
    return child


def test_a_number_that_was_used_again_is_another_process() -> None:
    running = subprocess.Popen(SLEEP)
    try:
        pid = Pid.of(running.pid)
        assert pid is not None
        earlier = replace(pid, start_ticks=pid.start_ticks - 1)
        assert pid.is_alive()
        assert not earlier.is_alive()
        assert not earlier.send(signal.SIGKILL)
        assert not replace(pid, boot="another").send(signal.SIGKILL)
        assert running.poll() is None
        assert pid.send(signal.SIGKILL)
    finally:
        running.kill()
        running.wait()
    assert not pid.is_alive()
    assert pid.wait_until_gone(1)


def test_orphans_are_ended_and_strangers_with_their_numbers_are_not(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "root")
    layout.prepare()
    orphan, stranger = subprocess.Popen(SLEEP), subprocess.Popen(SLEEP)
    try:
        mine, other = Pid.of(orphan.pid), Pid.of(stranger.pid)
        assert mine is not None
        assert other is not None
        recorded = {"identity": vars(mine), "directory": vars(replace(other, start_ticks=other.start_ticks - 1))}
        layout.state.write_text(json.dumps({"children": recorded}))
        assert stores.end_orphans(layout) == ["identity"]
        assert orphan.wait() == -signal.SIGTERM
        assert stranger.poll() is None
    finally:
        for process in (orphan, stranger):
            process.kill()
            process.wait()


def test_who_works_in_a_folder_is_found(tmp_path: Path) -> None:
    running = subprocess.Popen(SLEEP, cwd=tmp_path)
    try:
        assert [pid.number for pid in working_in(tmp_path)] == [running.pid]
    finally:
        running.kill()
        running.wait()


def test_what_dies_is_due_again_later_and_later(tmp_path: Path) -> None:
    child = a_child(tmp_path, "raise SystemExit(3)")
    pauses = []
    for _ in range(3):
        ended(child)
        assert child.start_due_at is not None
        pauses.append(child.start_due_at - time.monotonic())
    assert child.last_exit == 3
    assert child.restarts == 3
    assert pauses[0] < pauses[1] < pauses[2]


def test_what_was_asked_to_end_starts_again_at_once_and_without_blame(tmp_path: Path) -> None:
    child = a_child(tmp_path, "import time; time.sleep(60)")
    child.start()
    child.ask_to_end()
    assert child.popen is not None
    child.popen.wait()
    assert child.collect()
    assert child.failures == 0
    assert child.start_due_at is not None
    assert child.start_due_at <= time.monotonic()


def test_what_ran_steadily_before_it_died_is_not_put_off_for_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = a_child(tmp_path, "raise SystemExit(3)")
    for _ in range(3):
        ended(child)
    monkeypatch.setattr(child_module, "_STEADY_SECONDS", 0.0)
    ended(child)
    assert child.failures == 1


def test_what_is_not_wanted_stays_down(tmp_path: Path) -> None:
    child = a_child(tmp_path, "raise SystemExit(0)")
    child.wanted = False
    ended(child)
    child.start_due_at = None
    assert child.restarts == 0


def test_three_older_logs_are_kept(tmp_path: Path) -> None:
    child = a_child(tmp_path, "")
    for run in range(6):
        child.log.write_text(f"run {run}")
        child.rotate_log()
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == {
        "sample.log.1": "run 5",
        "sample.log.2": "run 4",
        "sample.log.3": "run 3",
    }


def test_a_child_finds_nothing_of_ours_in_its_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "SOME_SECRET", "x")
    assert set(child_module.environment()) == {"PATH", "LANG", "TZ", "PYTHONPATH", "PYTHONUNBUFFERED"}
