"""What the ledger measures besides what every process does."""

from __future__ import annotations

from collections.abc import Callable

from services.audit.ledger.group_commit import GroupCommit
from services.runtime.metrics import gauge, histogram
from services.runtime.telemetry import Telemetry

COMMIT_CALLS = histogram(
    "ledger_commit_calls",
    meaning="calls committed at once",
    bounds=(1, 2, 4, 8, 16, 32, 64, 128, 256),
)
COMMIT_DURATION = histogram(
    "ledger_commit_duration",
    unit="ms",
    meaning="duration of one commit, deciding and writing",
    bounds=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000),
)
WAITING = gauge("ledger_waiting", meaning="calls that wait for the writer")
LEADS = gauge("ledger_leads", meaning="1 while this process leads")
STANDS_BY = gauge("ledger_stands_by", meaning="1 while this process does not lead and could within seconds")
ENTRIES = gauge("ledger_entries", meaning="entries in the log; said by the leader alone")
UNSETTLED = gauge("ledger_unsettled", meaning="acts entered and not settled yet; said by the leader alone")


def committed_of(telemetry: Telemetry) -> Callable[[int, float], None]:
    """Return what the writer tells of each batch: its calls, and its duration in seconds."""
    calls, duration = telemetry.instrument(COMMIT_CALLS), telemetry.instrument(COMMIT_DURATION)

    def committed(size: int, seconds: float) -> None:
        calls.record(size)
        duration.record(seconds * 1000)

    return committed


def watch(telemetry: Telemetry, writer: GroupCommit) -> None:
    """Measure the writer."""
    telemetry.watch(WAITING, lambda: writer.waiting)
    telemetry.watch(LEADS, lambda: float(writer.is_leading))
    telemetry.watch(STANDS_BY, lambda: float(writer.is_ready and not writer.is_leading))
    telemetry.watch(ENTRIES, lambda: writer.published().size if writer.is_leading else None)
    telemetry.watch(UNSETTLED, lambda: writer.unsettled)
