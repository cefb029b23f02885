"""Telemetry to a collector: over mutual TLS, with declared metrics and allowed words only, and nobody waits for it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.runtime.config import ProcessConfig
from services.runtime.metrics import CALLS, WORKERS_BUSY, declared
from services.runtime.telemetry import Telemetry
from tests.promises.attacks.canaries import Canary, hits
from tests.support.collector import Received, collecting
from tests.support.pki import Authority

COLLECTOR = "otel.collector"
OPEN = "/contactpoint.directory.v1.DirectoryService/OpenRecord"
SURNAME, NUMBER = "Quavolimbrek", "4815162342"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")


@pytest.fixture
def received(authority: Authority) -> Iterator[Received]:
    with collecting(authority.process(COLLECTOR)) as received:
        yield received


def config_of(authority: Authority, port: int, folder: Path) -> ProcessConfig:
    files = authority.process("directory").files
    return ProcessConfig(
        process="directory",
        environment="synthetic",
        port=0,
        health_port=0,
        certificate=files.certificate,
        private_key=files.private_key,
        ca=files.ca,
        telemetry_dir=folder / "telemetry",
        collector=f"127.0.0.1:{port}",
    )


def everything_said(telemetry: Telemetry) -> None:
    """Say a person in every place where a person could be said."""
    hostile: dict[str, Any] = {
        "process": SURNAME,
        "method": f"{OPEN}?surname={SURNAME}",
        "code": int(NUMBER),
        "reason": f"{SURNAME} 2013",
        "surname": SURNAME,
        SURNAME: "x",
        "duration_ms": 2.5,
        "pool": f"calls {SURNAME}",
        "work": NUMBER,
    }
    with telemetry.tracer.start_as_current_span(f"opened {SURNAME}", attributes=hostile) as span:
        span.add_event(SURNAME, {"surname": SURNAME})
        span.record_exception(KeyError(SURNAME))
        telemetry.calls.add(1, hostile)
        telemetry.durations.record(2.5, hostile)
    telemetry.calls.add(1, {"method": OPEN, "code": "OK", "reason": "", "duration_ms": int(NUMBER)})
    telemetry.watch(WORKERS_BUSY, lambda: 1.0, pool=SURNAME)
    # What nobody declared is not written at all, whatever it is called.
    telemetry._meter.create_counter(f"looked_for_{SURNAME}", description=SURNAME).add(1)
    telemetry._meter.create_gauge("undeclared", description=SURNAME).set(int(NUMBER))


@pytest.mark.promise("D7")
def test_nobody_reaches_the_collector(authority: Authority, received: Received, tmp_path: Path) -> None:
    telemetry = Telemetry.of(config_of(authority, received.port, tmp_path))
    everything_said(telemetry)
    telemetry.stop()
    canaries = [Canary.text("surname", SURNAME), Canary.digits("number", NUMBER)]
    assert hits(canaries, [("otlp", b"".join(received.bytes))]) == []
    assert {span.name for span in received.spans} == {"unlisted"}
    (span,) = received.spans
    assert {one.key for one in span.attributes} == {"duration_ms"}
    assert not span.events
    assert {metric.name for metric in received.metrics} == {
        "rpc_calls",
        "rpc_duration",
        "workers_busy",
        "certificate_expires",
    }
    said = {
        (metric.name, tuple(sorted((one.key, one.value.string_value) for one in point.attributes)))
        for metric in received.metrics
        if metric.name == "rpc_calls"
        for point in metric.sum.data_points
    }
    # `reason` is empty for a call that ended well; a hostile word leaves no attribute behind.
    assert said == {
        ("rpc_calls", (("process", "directory"),)),
        ("rpc_calls", (("code", "OK"), ("method", OPEN), ("process", "directory"), ("reason", ""))),
    }


@pytest.mark.promise("D7")
def test_the_same_in_the_files(tmp_path: Path) -> None:
    telemetry = Telemetry.start("directory", tmp_path)
    everything_said(telemetry)
    telemetry.stop()
    written = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert b"rpc_calls" in written
    assert hits([Canary.text("surname", SURNAME), Canary.digits("number", NUMBER)], [("files", written)]) == []


def test_a_metric_goes_with_its_unit_and_the_bounds_of_the_promise(
    authority: Authority, received: Received, tmp_path: Path
) -> None:
    telemetry = Telemetry.of(config_of(authority, received.port, tmp_path))
    telemetry.durations.record(999.0, {"method": OPEN})
    telemetry.durations.record(1001.0, {"method": OPEN})
    telemetry.stop()
    durations = next(metric for metric in received.metrics if metric.name == "rpc_duration")
    assert durations.unit == "ms"
    (point,) = durations.histogram.data_points
    within = sum(
        count
        for count, bound in zip(point.bucket_counts, [*point.explicit_bounds, float("inf")], strict=True)
        if bound <= 1000
    )
    assert within == 1
    expires = next(metric for metric in received.metrics if metric.name == "certificate_expires")
    assert 3000 < expires.gauge.data_points[0].as_double <= 3600


def test_a_new_certificate_is_used(authority: Authority, received: Received, tmp_path: Path) -> None:
    first = authority.process("directory").thumbprint
    telemetry = Telemetry.of(config_of(authority, received.port, tmp_path))
    before = authority.process("directory").thumbprint
    # The files are looked at once a second.
    time.sleep(1.1)
    telemetry.stop()
    assert first != before
    assert received.thumbprints == {before}


def test_another_authoritys_collector_hears_nothing(authority: Authority, tmp_path: Path) -> None:
    stranger = Authority(tmp_path / "stranger")
    with collecting(stranger.process(COLLECTOR)) as received:
        telemetry = Telemetry.of(config_of(authority, received.port, tmp_path))
        everything_said(telemetry)
        telemetry.stop()
    assert received.bytes == []


def test_one_of_our_processes_is_no_collector(authority: Authority, tmp_path: Path) -> None:
    with collecting(authority.process("directory", name="impostor")) as received:
        telemetry = Telemetry.of(config_of(authority, received.port, tmp_path))
        everything_said(telemetry)
        telemetry.stop()
    assert received.bytes == []


def test_no_stop_waits_long_for_a_collector_that_is_away(authority: Authority, tmp_path: Path) -> None:
    telemetry = Telemetry.of(config_of(authority, 1, tmp_path))
    for _ in range(3_000):
        with telemetry.tracer.start_as_current_span(OPEN):
            pass
    began = time.monotonic()
    telemetry.calls.add(1, {"method": OPEN})
    assert time.monotonic() - began < 0.1
    telemetry.stop()
    assert time.monotonic() - began < 10


def test_the_environment_does_not_move_it(
    authority: Authority, received: Received, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setitem(os.environ, "OTEL_EXPORTER_OTLP_INSECURE", "true")
    monkeypatch.setitem(os.environ, "OTEL_EXPORTER_OTLP_HEADERS", f"surname={SURNAME}")
    monkeypatch.setitem(os.environ, "OTEL_RESOURCE_ATTRIBUTES", f"surname={SURNAME}")
    telemetry = Telemetry.of(config_of(authority, received.port, tmp_path))
    everything_said(telemetry)
    telemetry.stop()
    assert received.metrics
    assert hits([Canary.text("surname", SURNAME)], [("otlp", b"".join(received.bytes))]) == []


def test_a_watch_that_fails_shows_nothing(tmp_path: Path) -> None:
    def failing() -> float:
        raise KeyError(SURNAME)

    telemetry = Telemetry.start("directory", tmp_path)
    telemetry.watch(WORKERS_BUSY, failing, pool="calls")
    telemetry.watch(WORKERS_BUSY, lambda: 2.0, pool="sign_in")
    telemetry.stop()
    written = (tmp_path / "directory.metrics.jsonl").read_text()
    assert written.count("workers_busy") == 1
    assert SURNAME not in written


def test_a_declared_metric_is_known_by_its_name() -> None:
    assert declared("rpc_calls") is CALLS
    assert declared("undeclared") is None
