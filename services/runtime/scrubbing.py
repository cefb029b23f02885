"""What leaves a process about its calls: declared metrics and allowed words, whoever set what."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from opentelemetry.sdk.metrics.export import MetricsData
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan

from services.runtime.metrics import ATTRIBUTES, declared

UNLISTED = "unlisted"
_SPAN_NAME = re.compile(UNLISTED + r"|/contactpoint\.[a-z0-9_.]+\.[A-Z]\w*/[A-Z]\w*")


def scrubbed_span(span: ReadableSpan, resource: Resource) -> ReadableSpan:
    """Return the span with its name if that is one of ours, and with nothing but ids, times and allowed attributes.

    Events, links, the status and its text are left out: libraries write errors into them.
    """
    return ReadableSpan(
        name=span_name(span.name),
        context=span.context,
        parent=span.parent,
        resource=resource,
        attributes=allowed(span.attributes or {}),
        kind=span.kind,
        start_time=span.start_time,
        end_time=span.end_time,
        instrumentation_scope=span.instrumentation_scope,
    )


def scrubbed_metrics(metrics: MetricsData, process: str, resource: Resource) -> MetricsData:
    """Return the declared metrics with what each declares to say, and the process; exemplars are left out."""
    return MetricsData(
        [
            replace(
                of_resource,
                resource=resource,
                scope_metrics=[
                    replace(of_scope, metrics=_declared(of_scope.metrics, process))
                    for of_scope in of_resource.scope_metrics
                ],
            )
            for of_resource in metrics.resource_metrics
        ]
    )


def span_name(name: str) -> str:
    """Return a span's name, "unlisted" if it is no method of ours."""
    return name if _SPAN_NAME.fullmatch(name) else UNLISTED


def allowed(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return the attributes that may be said, in words that may be said."""
    return {name: value for name, value in attributes.items() if name in ATTRIBUTES and _may_be_said(name, value)}


def _may_be_said(name: str, value: Any) -> bool:
    words = ATTRIBUTES[name]
    if words is None:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, str) and words.fullmatch(value) is not None


def _declared(metrics: Sequence[Any], process: str) -> list[Any]:
    kept = []
    for metric in metrics:
        known = declared(metric.name)
        if known is not None:
            points = [
                replace(
                    point,
                    attributes={
                        name: value for name, value in allowed(point.attributes or {}).items() if name in known.says
                    }
                    | {"process": process},
                    exemplars=[],
                )
                for point in metric.data.data_points
            ]
            kept.append(replace(metric, description=known.meaning, data=replace(metric.data, data_points=points)))
    return kept
