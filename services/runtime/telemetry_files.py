"""Spans and metrics as JSON lines in a folder: where there is no collector, and where a test reads every byte."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from opentelemetry.sdk.metrics.export import (
    HistogramDataPoint,
    MetricExporter,
    MetricExportResult,
    MetricsData,
    NumberDataPoint,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from services.runtime.scrubbing import scrubbed_metrics, scrubbed_span

_LARGEST_FILE_BYTES = 64 * 1024 * 1024


class Lines:
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
    """Writes spans as JSON lines: name, ids, times and the allowed attributes."""

    def __init__(self, lines: Lines, process: str, resource: Resource) -> None:
        self._lines = lines
        self._process = process
        self._resource = resource

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write `spans`."""
        written = self._lines.write([self._line(scrubbed_span(span, self._resource)) for span in spans])
        return SpanExportResult.SUCCESS if written else SpanExportResult.FAILURE

    def shutdown(self) -> None:
        """Nothing is held open."""

    def _line(self, span: ReadableSpan) -> dict[str, Any]:
        own, parent = span.context, span.parent
        return {
            "name": span.name,
            "process": self._process,
            "trace_id": f"{own.trace_id:032x}" if own else "",
            "span_id": f"{own.span_id:016x}" if own else "",
            "parent_id": f"{parent.span_id:016x}" if parent else "",
            "start_ns": span.start_time,
            "end_ns": span.end_time,
            "attributes": dict(span.attributes or {}),
        }


class MetricLines(MetricExporter):
    """Writes declared metrics as JSON lines, with what they declare to say."""

    def __init__(self, lines: Lines, process: str, resource: Resource) -> None:
        super().__init__()
        self._lines = lines
        self._process = process
        self._resource = resource

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: Any) -> MetricExportResult:  # noqa: ARG002  # OpenTelemetry's signature
        """Write the points of `metrics_data`."""
        written = self._lines.write(
            [
                {"name": metric.name, "process": self._process, "at_ns": point.time_unix_nano, **_point(point)}
                for of_resource in scrubbed_metrics(metrics_data, self._process, self._resource).resource_metrics
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
    attributes = {name: value for name, value in point.attributes.items() if name != "process"}
    if isinstance(point, HistogramDataPoint):
        buckets = {"bounds": list(point.explicit_bounds), "counts": list(point.bucket_counts)}
        return {"attributes": attributes, "count": point.count, "sum": point.sum, **buckets}
    return {"attributes": attributes, "value": point.value if isinstance(point, NumberDataPoint) else None}
