"""The name of a metric as the collector's Prometheus exporter writes it: what rules, dashboards and people use."""

from __future__ import annotations

from services.runtime.metrics import Kind, Metric

NAMESPACE = "contactpoint"
"""As deploy/observability/collector.yaml says."""
# OpenTelemetry's translation of UCUM units; those we use.
_UNITS = {"": "", "ms": "milliseconds", "s": "seconds"}


def prometheus_names(metric: Metric) -> tuple[str, ...]:
    """Return the series of a metric: one for a counter or gauge, three for a histogram. Raises KeyError for a unit."""
    name = "_".join(part for part in (NAMESPACE, metric.name.replace(".", "_"), _UNITS[metric.unit]) if part)
    match metric.kind:
        case Kind.COUNTER:
            return (f"{name}_total",)
        case Kind.GAUGE:
            return (name,)
        case Kind.HISTOGRAM:
            return (f"{name}_bucket", f"{name}_count", f"{name}_sum")
