"""What a process measures of itself: each metric declared once, with its unit, its meaning and what it may say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

# What a span or a metric may say, and in which words. Whoever set it: all else is dropped on the way out. Numbers are
# none of them but a duration, so that no number of a child's can be one.
ATTRIBUTES = {
    "process": re.compile(r"[a-z]{1,20}(\.[a-z]{1,20})?"),
    "method": re.compile(r"[a-z]{1,20}|/[A-Za-z][\w.]{0,80}/[A-Za-z]\w{0,60}"),
    "code": re.compile(r"[A-Z_]{1,30}|[1-5][0-9]{2}"),
    "reason": re.compile(r"[A-Z_]{0,60}"),
    "pool": re.compile(r"[a-z_]{1,30}"),
    "work": re.compile(r"[a-z_]{1,40}"),
    "duration_ms": None,
}

# 1,000 ms is a bound because the service's promise is one second; the steps around the 25 ms grid are fine.
CALL_BOUNDS_MS = (5, 10, 25, 50, 75, 100, 150, 250, 400, 600, 800, 1_000, 1_500, 2_500, 5_000)


class Kind(Enum):
    """How a metric counts."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric; `unit` as UCUM writes it ("" for plain numbers), `says` its attributes besides `process`."""

    name: str
    kind: Kind
    unit: str
    meaning: str
    says: tuple[str, ...]
    bounds: tuple[float, ...] = ()


_every: dict[str, Metric] = {}


def counter(name: str, *, meaning: str, says: tuple[str, ...] = ()) -> Metric:
    """Declare what only grows."""
    return _declared(Metric(name=name, kind=Kind.COUNTER, unit="", meaning=meaning, says=says))


def gauge(name: str, *, meaning: str, unit: str = "", says: tuple[str, ...] = ()) -> Metric:
    """Declare what goes up and down."""
    return _declared(Metric(name=name, kind=Kind.GAUGE, unit=unit, meaning=meaning, says=says))


def histogram(
    name: str, *, meaning: str, bounds: tuple[float, ...], unit: str = "", says: tuple[str, ...] = ()
) -> Metric:
    """Declare what is counted by size."""
    return _declared(Metric(name=name, kind=Kind.HISTOGRAM, unit=unit, meaning=meaning, says=says, bounds=bounds))


def declared(name: str) -> Metric | None:
    """Return the metric of that name, None where nobody declared one."""
    return _every.get(name)


def every_metric() -> Iterator[Metric]:
    """Yield what the modules imported so far declare, by name."""
    yield from (_every[name] for name in sorted(_every))


def _declared(metric: Metric) -> Metric:
    if metric.name in _every:
        raise ValueError(f"{metric.name}: declared twice")
    if unknown := set(metric.says) - ATTRIBUTES.keys():
        raise ValueError(f"{metric.name}: {', '.join(sorted(unknown))} may not be said")
    _every[metric.name] = metric
    return metric


# What every process measures.
CALLS = counter("rpc_calls", meaning="calls, by how they ended", says=("method", "code", "reason"))
CALL_DURATION = histogram(
    "rpc_duration", unit="ms", meaning="duration of calls at their server", bounds=CALL_BOUNDS_MS, says=("method",)
)
READY = gauge("ready", meaning="1 while the process says that it is ready, 0 while not")
WORKERS_BUSY = gauge("workers_busy", meaning="calls being served", says=("pool",))
WORKERS_WAITING = gauge("workers_waiting", meaning="calls that wait for a worker", says=("pool",))
WORKERS_LIMIT = gauge("workers_limit", meaning="calls that can be served at once", says=("pool",))
DATABASE_CONNECTIONS = gauge(
    "database_connections", meaning="connections to its own database that are in use", says=("pool",)
)
DATABASE_CONNECTIONS_LIMIT = gauge("database_connections_limit", meaning="the most there can be", says=("pool",))
DATABASE_ANSWERS = gauge("database_answers", meaning="1 if its database answered the last question, asked every 10 s")
DATABASE_COMMITS_TWICE = gauge(
    "database_commits_twice", meaning="1 if its database acknowledges only what a second server holds too"
)
CLOCK_OFFSET = gauge("clock_offset", unit="s", meaning="how far its clock is before its database's (behind: negative)")
CERTIFICATE_EXPIRES = gauge("certificate_expires", unit="s", meaning="time until its certificate ends")
WORK_ROUNDS = counter("work_rounds", meaning="rounds of periodic work, by how they ended", says=("work", "code"))
WORK_AGE = gauge(
    "work_age",
    unit="s",
    meaning="time since periodic work last ended well in this process, or since it started",
    says=("work",),
)
