"""Spans and metrics to an OpenTelemetry collector: OTLP over mutual TLS with the process's own certificate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import grpc
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.metrics.export import MetricExporter, MetricExportResult, MetricsData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

from services.runtime.certificates import Certificates, WatchedCertificates
from services.runtime.peers import server_name
from services.runtime.scrubbing import scrubbed_metrics, scrubbed_span

COLLECTOR = "otel.collector"
"""Its certificate says otel-collector.contactpoint.internal; as none of our processes it may call none of them."""

_ANSWERS_WITHIN_SECONDS = 2.0
_LEFT_ALONE_SECONDS = 2.0


class _Renewed:
    """The library's exporter, made anew when the process's certificate is, and left alone while nobody answers it."""

    def __init__(self, make: Callable[[Certificates], Any], certificates: WatchedCertificates) -> None:
        self._make = make
        self._certificates = certificates
        self._lock = threading.Lock()
        self._version, held = certificates.current()
        self._exporter = make(held)
        self._left_alone_until = 0.0

    def export(self, what: Any, success: Any, failure: Any) -> Any:
        """Return whether the collector took it: a stop must not wait for one that is away, batch after batch."""
        with self._lock:
            if time.monotonic() < self._left_alone_until:
                return failure
            version, held = self._certificates.current()
            if version != self._version:
                self._exporter.shutdown()
                self._version, self._exporter = version, self._make(held)
            result = self._exporter.export(what)
            if result is not success:
                self._left_alone_until = time.monotonic() + _LEFT_ALONE_SECONDS
            return result

    def shutdown(self) -> None:
        with self._lock:
            self._exporter.shutdown()


class CollectedSpans(SpanExporter):
    """Sends scrubbed spans."""

    def __init__(self, address: str, certificates: WatchedCertificates, resource: Resource) -> None:
        self._resource = resource
        self._renewed = _Renewed(lambda held: OTLPSpanExporter(**_how(address, held)), certificates)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send `spans`; what the collector does not take is lost, and no call waits for it."""
        scrubbed = [scrubbed_span(span, self._resource) for span in spans]
        result: SpanExportResult = self._renewed.export(scrubbed, SpanExportResult.SUCCESS, SpanExportResult.FAILURE)
        return result

    def shutdown(self) -> None:
        """Close the channel."""
        self._renewed.shutdown()


class CollectedMetrics(MetricExporter):
    """Sends scrubbed metrics."""

    def __init__(self, address: str, certificates: WatchedCertificates, process: str, resource: Resource) -> None:
        super().__init__()
        self._process = process
        self._resource = resource
        self._renewed = _Renewed(lambda held: OTLPMetricExporter(**_how(address, held)), certificates)

    def export(self, metrics_data: MetricsData, timeout_millis: float = 10_000, **_: Any) -> MetricExportResult:  # noqa: ARG002  # OpenTelemetry's signature
        """Send `metrics_data`; they are sums since the start, so what is lost comes again."""
        scrubbed = scrubbed_metrics(metrics_data, self._process, self._resource)
        result: MetricExportResult = self._renewed.export(
            scrubbed, MetricExportResult.SUCCESS, MetricExportResult.FAILURE
        )
        return result

    def force_flush(self, timeout_millis: float = 10_000) -> bool:  # noqa: ARG002  # OpenTelemetry's signature
        """Nothing is held back."""
        return True

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:  # noqa: ARG002  # OpenTelemetry's signature
        """Close the channel."""
        self._renewed.shutdown()


def _how(address: str, held: Certificates) -> dict[str, Any]:
    # All is said here, headers too: no variable of the environment changes where telemetry goes, or what with.
    return {
        "endpoint": address,
        "insecure": False,
        "credentials": grpc.ssl_channel_credentials(
            root_certificates=held.ca, private_key=held.private_key, certificate_chain=held.chain
        ),
        "headers": (("x-contactpoint", "telemetry"),),
        "timeout": _ANSWERS_WITHIN_SECONDS,
        "compression": grpc.Compression.NoCompression,
        "channel_options": (
            ("grpc.ssl_target_name_override", server_name(COLLECTOR)),
            ("grpc.use_local_subchannel_pool", 1),
            ("grpc.enable_http_proxy", 0),
        ),
    }
