"""Traces, metrics and logs that name methods, codes and reasons, and never a person."""

from __future__ import annotations

import json
import logging
import re
import sys
import threading
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from opentelemetry import trace
from opentelemetry.metrics import Counter, NoOpMeterProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_METRICS_EVERY_MS = 10_000
_LARGEST_FILE_BYTES = 64 * 1024 * 1024
_SCOPE = "contactpoint"

# What a span or a metric may say of a call. Anything else is dropped on the way out, whoever set it.
ATTRIBUTES = frozenset({"process", "method", "code", "reason", "duration_ms"})
# The fields that a log line may have beside its event.
FIELDS = frozenset(
    {
        "code", "count", "duration_ms", "epoch", "error_type", "host", "index", "kid", "lag_ms", "lost", "method",
        "month", "peer", "pending", "port", "process", "reason", "reference", "seconds", "size", "state", "step",
        "version", "where", "work",
    }
)  # fmt: skip
_SPAN_NAME = re.compile(r"unlisted|/contactpoint\.[a-z0-9_.]+\.[A-Z]\w*/[A-Z]\w*")
_EVENT = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TEXT = re.compile(r"[A-Za-z0-9_./:-]{0,120}")
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
        meter = meters.get_meter(_SCOPE)
        self.tracer = tracers.get_tracer(_SCOPE)
        self.calls = meter.create_counter("rpc_calls", description="calls, by method, code and reason")
        self.durations = meter.create_histogram(
            "rpc_duration_ms", unit="ms", description="duration of calls, by method"
        )

    @classmethod
    def start(cls, process: str, folder: Path) -> Telemetry:
        """Return telemetry that writes spans and metrics of `process` as JSON lines into `folder`.

        It starts threads, so nothing may fork after it.
        """
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        resource = Resource({"service.name": process})
        tracers = TracerProvider(resource=resource, shutdown_on_exit=False)
        tracers.add_span_processor(BatchSpanProcessor(SpanLines(_Lines(folder / f"{process}.spans.jsonl"), process)))
        reader = PeriodicExportingMetricReader(
            MetricLines(_Lines(folder / f"{process}.metrics.jsonl"), process),
            export_interval_millis=_METRICS_EVERY_MS,
        )
        return cls(tracers, MeterProvider([reader], resource=resource, shutdown_on_exit=False))

    @classmethod
    def nothing(cls) -> Telemetry:
        """Return telemetry that writes nothing."""
        return cls(trace.NoOpTracerProvider(), NoOpMeterProvider())

    def counter(self, name: str, *, description: str) -> Counter:
        """Return a counter of the process's own; of its attributes only the allowed ones are written."""
        made: Counter = self._meters.get_meter(_SCOPE).create_counter(name, description=description)
        return made

    def stop(self) -> None:
        """Write what is left."""
        for provider in (self._tracers, self._meters):
            shutdown = getattr(provider, "shutdown", None)
            if shutdown is not None:
                shutdown()


def onward_metadata() -> list[tuple[str, str]]:
    """Return the metadata that ties an onward call to the present span: `traceparent`, or nothing."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return [("traceparent", carrier["traceparent"])] if "traceparent" in carrier else []


def context_from(metadata: Sequence[tuple[str, str | bytes]]) -> Any:
    """Return the trace context that came with a call; an own one if none came, or more than one."""
    found = [value for key, value in metadata if key == "traceparent" and isinstance(value, str)]
    return _propagator.extract({"traceparent": found[0]} if len(found) == 1 else {})


class _Lines:
    """A file of JSON lines; when it is full it becomes `.1` and a new one starts."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def write(self, items: Sequence[dict[str, Any]]) -> bool:
        """Append the items; return False if they could not be written: no call fails for want of a trace."""
        text = "".join(json.dumps(item, separators=(",", ":")) + "\n" for item in items)
        try:
            with self._lock:
                if self._path.exists() and self._path.stat().st_size > _LARGEST_FILE_BYTES:
                    self._path.replace(self._path.with_name(self._path.name + ".1"))
                with self._path.open("a", encoding="ascii") as file:
                    file.write(text)
        except OSError:
            return False
        return True


class SpanLines(SpanExporter):
    """Writes spans as JSON lines: name, ids, times and the allowed attributes; events and statuses are left out."""

    def __init__(self, lines: _Lines, process: str) -> None:
        self._lines = lines
        self._process = process

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write `spans`."""
        written = self._lines.write([self._line(span) for span in spans])
        return SpanExportResult.SUCCESS if written else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Nothing is held open."""

    def _line(self, span: ReadableSpan) -> dict[str, Any]:
        own, parent = span.context, span.parent
        return {
            "name": span.name if _SPAN_NAME.fullmatch(span.name) else "unlisted",
            "process": self._process,
            "trace_id": f"{own.trace_id:032x}" if own else "",
            "span_id": f"{own.span_id:016x}" if own else "",
            "parent_id": f"{parent.span_id:016x}" if parent else "",
            "start_ns": span.start_time,
            "end_ns": span.end_time,
            "attributes": _allowed(dict(span.attributes or {})),
        }


class MetricLines(MetricExporter):
    """Writes metrics as JSON lines, with the allowed attributes only."""

    def __init__(self, lines: _Lines, process: str) -> None:
        super().__init__()
        self._lines = lines
        self._process = process

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: Any) -> MetricExportResult:  # noqa: ARG002  # OpenTelemetry's signature
        """Write the points of `metrics_data`."""
        written = self._lines.write(
            [
                {"name": metric.name, "process": self._process, "at_ns": point.time_unix_nano, **_point(point)}
                for of_resource in metrics_data.resource_metrics
                for of_scope in of_resource.scope_metrics
                for metric in of_scope.metrics
                for point in metric.data.data_points
            ]
        )
        return MetricExportResult.SUCCESS if written else MetricExportResult.FAILURE

    def force_flush(self, timeout_millis: float = 10_000) -> bool:  # noqa: ARG002  # OpenTelemetry's signature
        """Nothing is held back."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:
        """Nothing is held open."""


def _point(point: Any) -> dict[str, Any]:
    attributes = _allowed(dict(point.attributes or {}))
    if isinstance(point, HistogramDataPoint):
        buckets = {"bounds": list(point.explicit_bounds), "counts": list(point.bucket_counts)}
        return {"attributes": attributes, "count": point.count, "sum": point.sum, **buckets}
    return {"attributes": attributes, "value": point.value if isinstance(point, NumberDataPoint) else None}


def _allowed(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name in ATTRIBUTES and _is_plain(value)}


def _is_plain(value: Any) -> bool:
    return isinstance(value, bool | int | float) or (isinstance(value, str) and _TEXT.fullmatch(value) is not None)


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
