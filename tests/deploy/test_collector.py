"""The real collector, built from deploy/observability/collector, under the real collector.yaml."""

from __future__ import annotations

import os
import random
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource

from deploy.local.ports import HIGHEST, LOWEST, is_free
from services.runtime.config import ProcessConfig
from services.runtime.metrics import Kind
from services.runtime.peers import server_name
from services.runtime.telemetry import Telemetry
from tests.support.pki import Authority
from tools.generate_docs import metrics_with_owners
from tools.metric_names import prometheus_names

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "deploy" / "observability" / "collector.yaml"
BINARY = ROOT / ".venv" / "bin" / "otelcol"
SURNAME = "Quavolimbrek"
OPEN = "/contactpoint.directory.v1.DirectoryService/OpenRecord"

pytestmark = pytest.mark.skipif(
    not BINARY.exists(), reason="`make check-observability` builds the collector (needs Go)"
)


@dataclass
class Collector:
    """One that runs."""

    authority: Authority
    otlp: int
    page: int

    def shown(self, wanted: str, *, within_seconds: float = 20.0) -> str:
        """Return the page for Prometheus once it has `wanted`, or as it is then."""
        ends_at, text = time.monotonic() + within_seconds, ""
        while wanted not in text and time.monotonic() < ends_at:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.page}/metrics", timeout=2) as answer:
                text = answer.read().decode()
            time.sleep(0.2)
        return text

    def config(self, folder: Path) -> ProcessConfig:
        """Return the settings of a process that sends to it."""
        files = self.authority.process("directory").files
        return ProcessConfig(
            process="directory",
            environment="synthetic",
            port=0,
            health_port=0,
            certificate=files.certificate,
            private_key=files.private_key,
            ca=files.ca,
            telemetry_dir=folder / "telemetry",
            collector=f"127.0.0.1:{self.otlp}",
        )


@contextmanager
def running(folder: Path) -> Iterator[Collector]:
    """Start the collector with a certificate of a test's authority, on free ports."""
    authority = Authority(folder / "pki")
    # No name of a process: see the head of collector.yaml.
    own = authority.issue("collector", uris=[], dns=[server_name("otel.collector")]).files
    tls = folder / "tls"
    tls.mkdir()
    for source, name in ((own.certificate, "tls.crt"), (own.private_key, "tls.key"), (own.ca, "ca.crt")):
        (tls / name).write_bytes(source.read_bytes())
    otlp, page = _free_ports()
    config = folder / "collector.yaml"
    config.write_text(CONFIG.read_text().replace(":4317", f":{otlp}").replace(":9464", f":{page}"))
    environment = {**os.environ, "COLLECTOR_HOST": "127.0.0.1", "COLLECTOR_TLS": str(tls)}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([BINARY, "--config", config], env=environment, stdout=log, stderr=log) as process,
    ):
        try:
            _wait(page, process)
            yield Collector(authority, otlp, page)
        finally:
            process.terminate()
            process.wait(10)


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    with running(tmp_path_factory.mktemp("collector")) as found:
        yield found


def test_it_writes_every_metric_under_the_name_of_the_catalogue(collector: Collector, tmp_path: Path) -> None:
    telemetry = Telemetry.of(collector.config(tmp_path))
    expected = set()
    for metric, _ in metrics_with_owners():
        expected |= set(prometheus_names(metric))
        if metric.name in {"rpc_calls", "rpc_duration", "certificate_expires"}:
            continue
        instrument = telemetry.instrument(metric)
        act = {Kind.COUNTER: "add", Kind.GAUGE: "set", Kind.HISTOGRAM: "record"}[metric.kind]
        getattr(instrument, act)(1)
    telemetry.calls.add(1, {"method": OPEN, "code": "OK", "reason": ""})
    telemetry.durations.record(3.0, {"method": OPEN})
    telemetry.stop()
    page = collector.shown("contactpoint_rpc_duration_milliseconds_bucket")
    written = set(re.findall(r"^(\w+)\{", page, re.MULTILINE)) - {"contactpoint_target_info"}
    assert written == expected
    calls = re.search(r"^contactpoint_rpc_calls_total\{(.*)\} 1", page, re.MULTILINE)
    assert calls is not None
    labels = dict(re.findall(r'(\w+)="([^"]*)"', calls[1]))
    assert labels.keys() - {"otel_scope_name", "otel_scope_version", "otel_scope_schema_url"} == {
        "process", "method", "code", "reason", "job", "instance",
    }  # fmt: skip
    assert labels["job"] == labels["process"] == "directory"
    assert "contactpoint_rpc_duration_milliseconds_bucket{" in page
    assert 'le="1000"' in page


@pytest.mark.promise("D7")
def test_it_scrubs_what_a_process_taken_over_would_send(collector: Collector) -> None:
    files = collector.authority.process("directory").files
    exporter = OTLPMetricExporter(
        endpoint=f"127.0.0.1:{collector.otlp}",
        credentials=grpc.ssl_channel_credentials(
            files.ca.read_bytes(), files.private_key.read_bytes(), files.certificate.read_bytes()
        ),
        channel_options=(("grpc.ssl_target_name_override", server_name("otel.collector")),),
    )
    resource = Resource({"service.name": "shielding", "child": SURNAME})
    provider = MeterProvider([PeriodicExportingMetricReader(exporter)], resource=resource, shutdown_on_exit=False)
    meter = provider.get_meter("contactpoint")
    attributes = {"method": f"{OPEN} {SURNAME}", "reason": SURNAME, "code": SURNAME, "child": SURNAME, "work": "kept"}
    meter.create_counter("rpc_calls", description=SURNAME).add(7, attributes)
    meter.create_counter(f"looked_for_{SURNAME}").add(1)
    provider.shutdown()
    page = collector.shown('work="kept"')
    assert 'work="kept"' in page
    assert SURNAME.lower() not in page.lower()


def test_it_takes_nothing_without_a_certificate_of_the_environment(collector: Collector, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "pki").process("directory").files
    for credentials in (
        grpc.ssl_channel_credentials(collector.authority.ca.read_bytes()),
        grpc.ssl_channel_credentials(
            collector.authority.ca.read_bytes(), stranger.private_key.read_bytes(), stranger.certificate.read_bytes()
        ),
    ):
        options = [("grpc.ssl_target_name_override", server_name("otel.collector"))]
        with grpc.secure_channel(f"127.0.0.1:{collector.otlp}", credentials, options) as channel:
            method = channel.unary_unary("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export", None, None)
            with pytest.raises(grpc.RpcError) as refused:
                method(b"", timeout=3)
            assert refused.value.code() is grpc.StatusCode.UNAVAILABLE


def _free_ports() -> tuple[int, int]:
    # Below those that the kernel hands to outgoing connections.
    free = (port for port in random.sample(range(LOWEST, HIGHEST), 50) if is_free(port))
    return next(free), next(free)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    ends_at = time.monotonic() + 20
    while time.monotonic() < ends_at:
        assert process.poll() is None, "the collector ended"
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("the collector does not listen")
