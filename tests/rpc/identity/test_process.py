"""The process itself: it serves, does its periodic work, stops when told; and the operator's command founds once."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.architecture.source import ROOT
from tests.fakes.identity_town import Town


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "services.identity", *arguments]


ENVIRONMENT = {"PYTHONPATH": f"{ROOT}:{ROOT / 'gen'}", "PATH": "/usr/bin:/bin"}


def test_it_serves_delivers_and_stops(town: Town, settings: Path, organisation: str) -> None:
    person = town.add_person(organisation)
    with subprocess.Popen(
        _command("serve", "--config", str(settings)),
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stdout is not None
        try:
            assert re.match(r"serving identity on 127\.0\.0\.1:\d+", running.stdout.readline())
            end = time.monotonic() + 10
            while not list(town.mail.glob(f"*-{person.email}.eml")) and time.monotonic() < end:
                time.sleep(0.05)
            assert list(town.mail.glob(f"*-{person.email}.eml"))
        finally:
            running.send_signal(signal.SIGTERM)
            said = "".join(running.communicate(timeout=30))
        assert running.returncode == 0, said
    # None of the periodic work failed, and nothing names anybody.
    assert "periodic_work_failed" not in said
    assert person.username not in said


def test_the_operators_command_founds_once(town: Town, settings: Path) -> None:
    before = town.sql("SELECT count(*) FROM standing")[0][0]
    command = "found --organisation Other --system 9b1c7d1e-0f4e-4a53-8d4a-0f3f6f1c2b11 --name Ghost --username ghost"
    ended = subprocess.run(
        [
            *_command(*command.split(), "--config", str(settings)),
            *("--email", "a@example.org", "--manager-email", "b@example.org"),
        ],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 3, ended.stderr
    assert re.match(r"ALREADY_FOUNDED: .*Nothing was changed", ended.stderr)
    assert town.sql("SELECT count(*) FROM standing")[0][0] == before
