"""A whole process: it starts from a file of settings, says one line, serves, and ends in order when told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import grpc
import pytest
from google.protobuf.wrappers_pb2 import StringValue

from tests.rpc.runtime.conftest import INTERNAL
from tests.support.pki import Authority

MAIN = """
import sys
from services.runtime.certificates import CertificateFiles, WatchedCertificates
from services.runtime.clock import SystemClock
from services.runtime.config import ProcessConfig
from services.runtime.process import run
from services.runtime.server import ServerSettings, serve, service_interceptors
from services.runtime.telemetry import Telemetry
from tests.rpc.runtime.conftest import TABLE, as_it_came, register
from tests.support.acts import SigningKey


def main(config: ProcessConfig) -> int:
    telemetry = Telemetry.start(config.process, config.telemetry_dir)
    files = CertificateFiles(config.certificate, config.private_key, config.ca)
    code = serve(
        register(as_it_came),
        settings=ServerSettings.of(config),
        certificates=WatchedCertificates(files),
        interceptors=service_interceptors(
            process=config.process,
            environment=config.environment,
            table=TABLE,
            keys=SigningKey(),
            clock=SystemClock(),
            telemetry=telemetry,
        ),
        table=TABLE,
        telemetry=telemetry,
    )
    telemetry.stop()
    return code


sys.exit(run("directory", config=ProcessConfig, serve=main))
"""


@pytest.fixture
def settings(tmp_path: Path) -> tuple[Authority, Path]:
    authority = Authority(tmp_path / "pki")
    files = authority.process("directory").files
    path = tmp_path / "directory.toml"
    path.write_text(
        f"""
        process = "directory"
        environment = "synthetic"
        port = 0
        health_port = 0
        certificate = "{files.certificate}"
        private_key = "{files.private_key}"
        ca = "{files.ca}"
        telemetry_dir = "telemetry"
        """
    )
    return authority, path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", MAIN, *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join([".", "gen"])}


def test_it_serves_until_told(settings: tuple[Authority, Path]) -> None:
    authority, path = settings
    with subprocess.Popen(
        command("serve", "--config", str(path)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
    ) as process:
        try:
            assert process.stdout is not None
            said = process.stdout.readline().strip()
            assert said.startswith("serving directory on 127.0.0.1:")
            status = Path(f"/proc/{process.pid}/limits").read_text()
            assert next(one for one in status.splitlines() if "core file" in one).split()[4:6] == ["0", "0"]
            files = authority.process("shielding").files
            credentials = grpc.ssl_channel_credentials(
                authority.ca.read_bytes(), files.private_key.read_bytes(), files.certificate.read_bytes()
            )
            options = [("grpc.ssl_target_name_override", "directory.contactpoint.internal")]
            with grpc.secure_channel(said.split()[-1], credentials, options=options) as channel:
                request = StringValue(value="hello").SerializeToString()
                assert channel.unary_unary(INTERNAL, None, None)(request, timeout=3) == request
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        finally:
            process.kill()
    spans = (path.parent / "telemetry" / "directory.spans.jsonl").read_text()
    assert [json.loads(one)["name"] for one in spans.splitlines()] == [INTERNAL]
    assert oct((path.parent / "telemetry" / "directory.spans.jsonl").stat().st_mode & 0o777) == "0o600"


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments), capture_output=True, text=True, env=environment(), timeout=30, check=False
    )


def test_it_checks_its_settings(settings: tuple[Authority, Path]) -> None:
    _, path = settings
    assert ran("check-config", "--config", str(path)).returncode == 0
    path.write_text(path.read_text().replace("port = 0", "port = 70000").replace("directory", "shielding", 1))
    done = ran("check-config", "--config", str(path))
    assert done.returncode == 78
    assert done.stderr.splitlines() == ["port: must be at most 65535", "health_port: must be at most 65535"]


def test_it_takes_no_other_process_for_itself(settings: tuple[Authority, Path]) -> None:
    _, path = settings
    path.write_text(path.read_text().replace('process = "directory"', 'process = "shielding"'))
    assert ran("serve", "--config", str(path)).stderr.startswith("process: these are the settings of shielding")


def test_a_certificate_that_is_none_is_said(settings: tuple[Authority, Path]) -> None:
    authority, path = settings
    (authority.folder / "directory.pem").write_text("nothing")
    done = ran("serve", "--config", str(path))
    assert done.returncode == 78
    assert done.stderr.splitlines() == ["the certificate, its key or its authority cannot be read"]
