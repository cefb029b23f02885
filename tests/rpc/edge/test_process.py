"""The edge as a process of its own: settings, serving, forwarding, stopping."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import grpc
import pytest

from deploy.local.configuration import to_toml
from deploy.local.layout import PROJECT
from tests.rpc.edge.conftest import OPEN, SESSION, SIGN_IN, UNLISTED, EdgeStack, StartEdge
from tests.rpc.runtime.refusals import refused

_ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{PROJECT}:{PROJECT / 'gen'}"}


def command(word: str, settings: Path) -> list[str]:
    return [sys.executable, "-m", "gateway.edge", word, "--config", str(settings)]


def values(edge: EdgeStack, folder: Path) -> dict[str, Any]:
    files = edge.authority.process("gateway.edge", name="edge-process").files
    directory = f"127.0.0.1:{edge.behind['directory'].port}"
    return {
        "process": "gateway.edge",
        "environment": "synthetic",
        "port": 0,
        "health_port": 0,
        "certificate": str(files.certificate),
        "private_key": str(files.private_key),
        "ca": str(files.ca),
        "telemetry_dir": str(folder / "telemetry"),
        "limits": str(PROJECT / "deploy" / "config" / "limits.toml"),
        "redis_url": f"unix://{folder}/nothing.sock",
        "peers": {
            "identity": f"127.0.0.1:{edge.behind['identity'].port}",
            "directory": directory,
            "shielding": directory,
            "audit.review": directory,
        },
    }


def test_it_serves_forwards_and_stops(start_edge: StartEdge, tmp_path: Path) -> None:
    edge = start_edge()
    settings = tmp_path / "settings.toml"
    settings.write_text(to_toml({**values(edge, tmp_path), "sign_ins_a_second": 2, "channel_sign_ins_a_second": 1}))
    with subprocess.Popen(
        command("serve", settings), env=_ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        try:
            assert running.stdout
            said = running.stdout.readline()
            assert said.startswith("serving gateway.edge on 127.0.0.1:"), running.communicate(timeout=5)
            edge.running.port = int(said.rpartition(":")[2])
            assert edge.raw(OPEN, b"x") == b"answer to x"
            assert refused(lambda: edge.raw(UNLISTED)) == ("PERMISSION_DENIED", "NOT_PERMITTED")
            # Identity plays no part in its own sign-in here: it has no such servicer, and says so as it says anything.
            signing_in = [refused(lambda: edge.raw(SIGN_IN, session=None)) for _ in range(10)]
            assert signing_in[0] == ("PERMISSION_DENIED", "NOT_PERMITTED")
            # What anyone may send as often as they like is taken at a rate, and nobody else's calls are.
            assert signing_in[-1] == ("RESOURCE_EXHAUSTED", "BUSY")
            assert [edge.raw(OPEN, b"x") for _ in range(10)] == [b"answer to x"] * 10
        finally:
            running.send_signal(signal.SIGTERM)
            _, logged = running.communicate(timeout=15)
    assert running.returncode == 0, logged
    assert SESSION not in logged
    lines = (tmp_path / "telemetry" / "gateway.edge.spans.jsonl").read_text()
    assert OPEN in lines
    assert "unlisted" in lines
    assert "DumpEverything" not in lines + logged


@pytest.mark.parametrize(
    "changed, said",
    [
        ({"limits": "{folder}/empty.toml"}, "limits: answers.grid_milliseconds must be"),
        ({"peers": {"identity": "127.0.0.1:1"}}, "peers: directory is missing"),
        ({"calls_a_minute": 0}, "calls_a_minute: must be at least 1"),
        ({"channel_sign_ins_a_second": 46}, "channel_sign_ins_a_second: must be at most sign_ins_a_second"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(
    edge: EdgeStack, tmp_path: Path, changed: dict[str, Any], said: str
) -> None:
    (tmp_path / "empty.toml").write_text("[other]\n")
    changed = {
        key: value.format(folder=tmp_path) if isinstance(value, str) else value for key, value in changed.items()
    }
    settings = tmp_path / "settings.toml"
    settings.write_text(to_toml({**values(edge, tmp_path), **changed}))
    done = subprocess.run(
        command("check-config", settings), env=_ENVIRONMENT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 78
    assert said in done.stderr


def test_health_answers_without_a_certificate_and_nothing_else_does(edge: EdgeStack) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{edge.running.health_port}") as channel:
        check = channel.unary_unary("/grpc.health.v1.Health/Check", None, None)
        assert check(b"", timeout=2) == b"\x08\x01"
        with pytest.raises(grpc.RpcError):
            channel.unary_unary(OPEN, None, None)(b"", timeout=2)
