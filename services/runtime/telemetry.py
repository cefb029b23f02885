"""Traces, metrics and logs that name methods, codes and reasons, and never a person."""

from __future__ import annotations

import json
import logging
import re
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from opentelemetry import trace
from opentelemetry.metrics import CallbackOptions, NoOpMeterProvider, Observation
from opentelemetry.sdk.metrics import AlwaysOffExemplarFilter, MeterProvider
from opentelemetry.sdk.metrics.export import MetricExporter, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.runtime.certificates import CertificateFiles, WatchedCertificates
from services.runtime.config import ProcessConfig
from services.runtime.errors import ServiceError
from services.runtime.metrics import CALL_DURATION, CALLS, CERTIFICATE_EXPIRES, Kind, Metric
from services.runtime.telemetry_files import Lines, MetricLines, SpanLines

_METRICS_EVERY_MS = 10_000
_SCOPE = "contactpoint"

# The fields that a log line may have beside its event.
FIELDS = frozenset(
    {
        "code", "count", "duration_ms", "epoch", "error_type", "host", "index", "kid", "lag_ms", "lost", "method",
        "month", "peer", "pending", "port", "process", "reason", "reference", "seconds", "size", "state", "step",
        "version", "where", "work",
    }
)  # fmt: skip
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TEXT = re.compile(r"[A-Za-z0-9_./:-]{0,120}")
_UNREADABLE = (ServiceError, ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError, ValueError)
_OURS = ("services.", "gateway.", "deploy.")

_propagator = TraceContextTextMapPropagator()


@dataclass
class Outcome:
    """How the call being served ended; the error boundary fills it in, tracing reads it."""

    code: str = "OK"
    reason: str = ""


_outcome: ContextVar[Outcome] = ContextVar("outcome")


def begin_outcome() -> Outcome:
    """Return a new outcome and make it the one of the call being served."""
    outcome = Outcome()
    _outcome.set(outcome)
    return outcome


def outcome() -> Outcome:
    """Return the outcome of the call being served."""
    return _outcome.get(None) or Outcome()


class Telemetry:
    """One process's tracer and meters; `nothing()` measures and writes nothing."""

    def __init__(self, tracers: trace.TracerProvider, meters: Any) -> None:
        self._tracers = tracers
        self._meters = meters
        self._meter = meters.get_meter(_SCOPE)
        self._watched: dict[str, list[tuple[Callable[[], float | None], dict[str, str]]]] = {}
        self.tracer = tracers.get_tracer(_SCOPE)
        self.calls = self.instrument(CALLS)
        self.durations = self.instrument(CALL_DURATION)

    @classmethod
    def of(cls, config: ProcessConfig) -> Telemetry:
        """Return the telemetry that a process's settings describe: to its collector, or as JSON lines without one.

        It starts threads, so nothing may fork after it. Raises CertificatesRefused.
        """
        certificates = WatchedCertificates(CertificateFiles(config.certificate, config.private_key, config.ca))
        if config.collector:
            # 130 modules that no process needs without a collector.
            from services.runtime.collector import CollectedMetrics, CollectedSpans  # noqa: PLC0415

            resource = _resource(config.process)
            made = cls._exporting(
                CollectedSpans(config.collector, certificates, resource),
                CollectedMetrics(config.collector, certificates, config.process, resource),
            )
        else:
            made = cls.start(config.process, config.telemetry_dir)
        made.watch(CERTIFICATE_EXPIRES, lambda: _seconds_left(certificates))
        return made

    @classmethod
    def start(cls, process: str, folder: Path) -> Telemetry:
        """Return telemetry that writes spans and metrics of `process` as JSON lines into `folder`.

        It starts threads, so nothing may fork after it.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        resource = _resource(process)
        return cls._exporting(
            SpanLines(Lines(folder / f"{process}.spans.jsonl"), process, resource),
            MetricLines(Lines(folder / f"{process}.metrics.jsonl"), process, resource),
        )

    @classmethod
    def _exporting(cls, spans: SpanExporter, metrics: MetricExporter) -> Telemetry:
        tracers = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
        tracers.add_span_processor(BatchSpanProcessor(spans))
        reader = PeriodicExportingMetricReader(metrics, export_interval_millis=_METRICS_EVERY_MS)
        # Exemplars never leave (scrubbing.py), so none are taken.
        off = AlwaysOffExemplarFilter()
        return cls(tracers, MeterProvider([reader], resource=Resource({}), exemplar_filter=off, shutdown_on_exit=False))

    @classmethod
    def nothing(cls) -> Telemetry:
        """Return telemetry that writes nothing."""
        return cls(trace.NoOpTracerProvider(), NoOpMeterProvider())

    def instrument(self, metric: Metric) -> Any:
        """Return the instrument of a declared metric: `add` to a counter, `set` a gauge, `record` in a histogram."""
        if metric.kind is Kind.HISTOGRAM:
            return self._meter.create_histogram(
                metric.name,
                unit=metric.unit,
                description=metric.meaning,
                explicit_bucket_boundaries_advisory=metric.bounds,
            )
        make = self._meter.create_counter if metric.kind is Kind.COUNTER else self._meter.create_gauge
        return make(metric.name, unit=metric.unit, description=metric.meaning)

    def watch(self, metric: Metric, read: Callable[[], float | None], **says: str) -> None:
        """Let a gauge show what `read` returns whenever metrics are written; None, or an error, shows nothing."""
        reads = self._watched.setdefault(metric.name, [])
        reads.append((read, says))
        if len(reads) == 1:

            def observed(_: CallbackOptions) -> Iterator[Observation]:
                for one, words in reads:
                    value = _read(one)
                    if value is not None:
                        yield Observation(value, words)

            self._meter.create_observable_gauge(
                metric.name, callbacks=[observed], unit=metric.unit, description=metric.meaning
            )

    def stop(self) -> None:
        """Write what is left."""
        for provider in (self._tracers, self._meters):
            shutdown = getattr(provider, "shutdown", None)
            if shutdown is not None:
                shutdown()


def _resource(process: str) -> Resource:
    # The instance is the pod, so that two of one process are two series.
    return Resource({"service.name": process, "service.instance.id": socket.gethostname()})


def _read(read: Callable[[], float | None]) -> float | None:
    try:
        return read()
    except _UNREADABLE:
        # A measurement that fails is missing, and its text is nobody's business.
        return None


def _seconds_left(certificates: WatchedCertificates) -> float:
    certificate = x509.load_pem_x509_certificate(certificates.current()[1].chain)
    return (certificate.not_valid_after_utc - datetime.now(UTC)).total_seconds()


def onward_metadata(key: str = "traceparent") -> list[tuple[str, str]]:
    """Return the metadata that ties an onward call to the present span: its `traceparent` as `key`, or nothing."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return [(key, carrier["traceparent"])] if "traceparent" in carrier else []


def context_from(metadata: Sequence[tuple[str, str | bytes]], key: str = "traceparent") -> Any:
    """Return the trace context that came with a call as `key`; an own one if none came, or more than one."""
    found = [value for name, value in metadata if name == key and isinstance(value, str)]
    return _propagator.extract({"traceparent": found[0]} if len(found) == 1 else {})


class JsonLines(logging.Formatter):
    """Writes a log record as one line of JSON: the constant event of our own code and the allowed fields.

    Whatever a library logs is reduced to its name and level: its text may quote what it was given. No exception text,
    no stack.
    """

    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        """Return the record's line."""
        is_ours = record.name.startswith(_OURS) or record.name == "__main__"
        event = record.msg if isinstance(record.msg, str) and not record.args and _EVENT.fullmatch(record.msg) else None
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "process": self._process,
            "event": event if is_ours and event else "library_log" if not is_ours else "event_without_a_constant_name",
            "logger": record.name,
        }
        if is_ours:
            fields = record.__dict__
            line |= {name: fields[name] for name in sorted(FIELDS & fields.keys()) if _is_own(name, fields[name])}
        return json.dumps(line, separators=(",", ":"))


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and _TEXT.fullmatch(value) is not None)


def _is_own(name: str, value: Any) -> bool:
    # `process` is also logging's own name for the process id.
    return _is_plain(value) and not (name == "process" and isinstance(value, int))


def where(error: BaseException) -> str:
    """Return the file and line where an error came up, such as "services/runtime/tokens.py:12"."""
    found = error.__traceback__
    while found is not None and found.tb_next is not None:
        found = found.tb_next
    if found is None:
        return "unknown"
    parts = Path(found.tb_frame.f_code.co_filename).parts[-4:]
    return f"{'/'.join(parts)}:{found.tb_lineno}"


def log_as_json(process: str) -> None:
    """Send every log record of this process to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    # Printed traces of failed log calls would quote what was logged.
    logging.raiseExceptions = False
