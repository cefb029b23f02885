"""The review as a process of its own: settings, migrations, serving, publishing, stopping."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from clients.verify_log.__main__ import main as verify_log
from deploy.local import databases
from deploy.local.configuration import to_toml
from deploy.local.layout import PROJECT
from services.audit.review.use_cases.publish import CHECKPOINT
from tests.rpc.audit_review.conftest import SIGNER, Stage
from tests.support.postgres import migrated, running_postgres

_ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'gen'}"}


def command(word: str, settings: Path) -> list[str]:
    return [sys.executable, "-m", "services.audit.review", word, "--config", str(settings)]


def test_it_serves_publishes_and_stops(stage: Stage, tmp_path: Path) -> None:
    with running_postgres(tmp_path / "pg") as server:
        database = migrated(server, "audit.review")
        settings, log_dir = tmp_path / "settings.toml", tmp_path / "log"
        values = {
            "process": "audit.review",
            "environment": "synthetic",
            "port": 0,
            "health_port": 0,
            "certificate": str(stage.own.files.certificate),
            "private_key": str(stage.own.files.private_key),
            "ca": str(stage.own.files.ca),
            "telemetry_dir": str(tmp_path / "telemetry"),
            "database_url": server.url(database.process.database, databases.server_role(database.process)),
            "database_owner_url": server.url(database.process.database, databases.owner(database.process)),
            "log_dir": str(log_dir),
            "publish_seconds": 0.1,
            "peers": {"audit.ledger": f"127.0.0.1:{stage.ledger_port}", "identity": "127.0.0.1:1"},
        }
        settings.write_text(to_toml(values))
        for word in ("check-config", "migrate"):
            done = subprocess.run(
                command(word, settings), env=_ENVIRONMENT, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        with subprocess.Popen(
            command("serve", settings), env=_ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            try:
                end = time.monotonic() + 10
                while not (log_dir / CHECKPOINT).exists() and time.monotonic() < end and running.poll() is None:
                    time.sleep(0.05)
                assert verify_log(["--folder", str(log_dir), "--key", SIGNER.vkey], lambda _: None) == 0
            finally:
                running.send_signal(signal.SIGTERM)
                said, logged = running.communicate(timeout=10)
        assert running.returncode == 0, logged
        assert said.startswith("serving audit.review on 127.0.0.1:")
        metrics = (tmp_path / "telemetry" / "audit.review.metrics.jsonl").read_text().splitlines()
        counted = [one for one in map(json.loads, metrics) if one["name"] == "log_publications"]
        assert [(one["attributes"], one["value"]) for one in counted] == [({"reason": "PUBLISHED"}, 1)]


@pytest.mark.parametrize("missing", ["log_dir", "database_url"])
def test_settings_that_lack_something_are_refused(tmp_path: Path, missing: str) -> None:
    settings = tmp_path / "settings.toml"
    values = {"process": "audit.review", "log_dir": "log", "database_url": "postgresql:///x"}
    settings.write_text(to_toml({name: value for name, value in values.items() if name != missing}))
    done = subprocess.run(
        command("check-config", settings), env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert f"{missing}: missing" in done.stderr
