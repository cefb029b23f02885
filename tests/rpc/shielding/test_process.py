"""Shielding as a process of its own: settings, migrations, serving, stopping, over a real PostgreSQL."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

from contactpoint.shielding.v1 import shielding_service_pb2 as pb

from deploy.local import databases
from deploy.local.configuration import to_toml
from deploy.local.layout import PROJECT
from deploy.local.processes import PROCESSES
from tests.rpc.shielding.conftest import COLLEAGUE, NUMBER, OFFICER, ShieldingStack, approval, opening
from tests.support.pki import Authority
from tests.support.postgres import running_postgres

_ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'gen'}"}


def command(word: str, settings: Path) -> list[str]:
    return [sys.executable, "-m", "services.shielding", word, "--config", str(settings)]


def test_it_migrates_serves_and_stops(shielding: ShieldingStack, pki: Authority, tmp_path: Path) -> None:
    process = next(one for one in PROCESSES if one.name == "shielding")
    secret = tmp_path / "root"
    secret.touch(mode=0o600)
    secret.write_bytes(b"r" * 32)
    files = pki.process("shielding", name="shielding-process").files
    with running_postgres(tmp_path / "pg") as server:
        databases.prepare(server.layout, server, [process])
        values = {
            "process": "shielding",
            "environment": "synthetic",
            "port": 0,
            "health_port": 0,
            "certificate": str(files.certificate),
            "private_key": str(files.private_key),
            "ca": str(files.ca),
            "telemetry_dir": str(tmp_path / "telemetry"),
            "root_secret": str(secret),
            "database_url": server.url(process.database, databases.server_role(process)),
            "peers": {name: f"127.0.0.1:{port}" for name, port in shielding.behind.ports.items()},
        }
        serving, migrating = tmp_path / "serve.toml", tmp_path / "migrate.toml"
        serving.write_text(to_toml(values))
        owner_url = server.url(process.database, databases.owner(process))
        migrating.write_text(to_toml({**values, "database_owner_url": owner_url}))
        migrated = subprocess.run(
            command("migrate", migrating), env=_ENVIRONMENT, capture_output=True, text=True, check=False
        )
        assert migrated.returncode == 0, migrated.stderr
        with subprocess.Popen(
            command("serve", serving), env=_ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            try:
                assert running.stdout
                said = running.stdout.readline()
                assert said.startswith("serving shielding on 127.0.0.1:"), running.communicate(timeout=5)
                shielding.running.port = int(said.rpartition(":")[2])
                case_id = shielding.call(OFFICER, opening(pb.ProposeShieldRequest)).case_id
                shielding.call(COLLEAGUE, approval(case_id))
                listed = shielding.call(OFFICER, pb.ListShieldCasesRequest(idempotency_key=str(uuid.uuid4())))
            finally:
                running.send_signal(signal.SIGTERM)
                _, logged = running.communicate(timeout=15)
        assert running.returncode == 0, logged
        assert not listed.cases
        assert shielding.ledger.closed == {NUMBER: False}
        assert str(NUMBER) not in logged
        with server.connect(process.database) as connection:
            rows = connection.execute("SELECT state FROM shield_case").fetchall()
            newest = connection.execute("SELECT index FROM newest_receipt").fetchall()
        assert (rows, newest) == ([("ACTIVE",)], [(103,)])


def test_settings_that_cannot_be_used_are_refused_together(tmp_path: Path) -> None:
    settings = tmp_path / "settings.toml"
    settings.write_text(to_toml({"process": "shielding", "environment": "synthetic", "root_secret": "none"}))
    done = subprocess.run(
        command("check-config", settings), env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    for said in ("database_url: missing", "root_secret: there is no such file", "certificate: missing"):
        assert said in done.stderr
    assert "database_owner_url" not in done.stderr
