"""Grafana's dashboard as code: `python -m deploy.observability.dashboard` writes dashboard.json beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).parent / "dashboard.json"
_WIDTH, _HEIGHT = 8, 7
_A_ROW = 24 // _WIDTH
_LOOKS = ".*/(SearchChildren|OpenRecord|OpenHome)"

# Row, then its panels: title, unit, and expressions by legend.
ROWS: dict[str, list[tuple[str, str, dict[str, str]]]] = {
    "Promises": [
        (
            "Calls that failed (promise: 0.1 % a month)",
            "percentunit",
            {
                "5 min": "contactpoint:edge_faults:ratio5m",
                "1 h": "contactpoint:edge_faults:ratio1h",
                "6 h": "contactpoint:edge_faults:ratio6h",
                "3 d": "contactpoint:edge_faults:ratio3d",
            },
        ),
        (
            "Searches and openings above one second (promise: 1 %)",
            "percentunit",
            {"5 min": "contactpoint:edge_slow:ratio5m", "6 h": "contactpoint:edge_slow:ratio6h"},
        ),
        (
            "Searches and openings at the edge",
            "ms",
            {
                f"p{share[2:]}": f"histogram_quantile({share}, sum by (le) (rate("
                f'contactpoint_rpc_duration_milliseconds_bucket{{process="gateway.edge",method=~"{_LOOKS}"}}[5m])))'
                for share in ("0.50", "0.95", "0.99")
            },
        ),
    ],
    "Calls": [
        (
            "Calls by process",
            "reqps",
            {"{{process}}": "sum by (process) (rate(contactpoint_rpc_calls_total[5m]))"},
        ),
        (
            "Refusals at the edge by reason",
            "reqps",
            {
                "{{reason}}": "sum by (reason) (rate("
                'contactpoint_rpc_calls_total{process="gateway.edge",code!="OK"}[5m]))'
            },
        ),
        (
            "99 % of calls end within, by process",
            "ms",
            {
                "{{process}}": "histogram_quantile(0.99, sum by (process, le) (rate("
                "contactpoint_rpc_duration_milliseconds_bucket[5m])))"
            },
        ),
    ],
    "Ledger": [
        (
            "Who leads, who stands by",
            "short",
            {
                "leads {{instance}}": "contactpoint_ledger_leads",
                "stands by {{instance}}": "contactpoint_ledger_stands_by",
            },
        ),
        (
            "Commits",
            "ms",
            {
                "p50": "histogram_quantile(0.5, sum by (le) (rate("
                "contactpoint_ledger_commit_duration_milliseconds_bucket[5m])))",
                "p99": "histogram_quantile(0.99, sum by (le) (rate("
                "contactpoint_ledger_commit_duration_milliseconds_bucket[5m])))",
            },
        ),
        (
            "Calls a commit, calls that wait, acts unsettled",
            "short",
            {
                "calls a commit": "sum(rate(contactpoint_ledger_commit_calls_sum[5m]))"
                " / sum(rate(contactpoint_ledger_commit_calls_count[5m]))",
                "wait": "max(contactpoint_ledger_waiting)",
                "unsettled": "max(contactpoint_ledger_unsettled)",
            },
        ),
        ("Entries a second", "short", {"entries": "max(deriv(contactpoint_ledger_entries[5m]))"}),
        (
            "Entries not public yet",
            "short",
            {"behind": "max(contactpoint_ledger_entries) - max(contactpoint_log_published_entries)"},
        ),
        (
            "Publication",
            "short",
            {"{{reason}}": "sum by (reason) (increase(contactpoint_log_publications_total[5m]))"},
        ),
    ],
    "Children and users": [
        ("Names in the index", "short", {"{{instance}}": "contactpoint_index_entries"}),
        ("Index behind the stored log", "s", {"{{instance}}": "contactpoint_index_lag_seconds"}),
        (
            "Interrupted acts",
            "short",
            {
                "directory": "max(contactpoint_acts_unsettled)",
                "identity": "max(contactpoint_acts_pending)",
                "shielding": "max(contactpoint_shield_steps_left_behind)",
            },
        ),
        (
            "Sign-ins",
            "reqps",
            {
                "{{code}}": 'sum by (code) (rate(contactpoint_rpc_calls_total{process="identity",'
                'method=~".*/SignIn"}[5m]))'
            },
        ),
        ("Mails that wait", "short", {"mails": "max(contactpoint_outbox_waiting)"}),
        ("The oldest mail", "s", {"age": "max(contactpoint_outbox_age_seconds)"}),
    ],
    "Processes": [
        ("Ready", "short", {"{{process}}": "sum by (process) (contactpoint_ready)"}),
        (
            "Workers in use",
            "percentunit",
            {"{{process}} {{pool}}": "max by (process, pool) (contactpoint_workers_busy / contactpoint_workers_limit)"},
        ),
        ("Calls that wait", "short", {"{{process}} {{pool}}": "max by (process, pool) (contactpoint_workers_waiting)"}),
        (
            "Database connections in use",
            "percentunit",
            {
                "{{process}} {{pool}}": "max by (process, pool) (contactpoint_database_connections"
                " / contactpoint_database_connections_limit)"
            },
        ),
        ("Certificates end in", "s", {"{{process}}": "min by (process) (contactpoint_certificate_expires_seconds)"}),
        ("Clocks before their database's", "s", {"{{process}} {{instance}}": "contactpoint_clock_offset_seconds"}),
        (
            "Since periodic work ended well",
            "s",
            {"{{process}} {{work}}": "min by (process, work) (contactpoint_work_age_seconds)"},
        ),
        (
            "Rounds that failed",
            "short",
            {
                "{{process}} {{work}}": "sum by (process, work) (increase("
                'contactpoint_work_rounds_total{code="FAILED"}[5m]))'
            },
        ),
        ("Calls that Redis did not count", "reqps", {"calls": "sum(rate(contactpoint_rate_windows_away_total[5m]))"}),
    ],
}


def dashboard() -> dict[str, Any]:
    """Return the dashboard as Grafana reads it."""
    panels: list[dict[str, Any]] = []
    top = 0
    for row, described in ROWS.items():
        place = {"x": 0, "y": top, "w": 24, "h": 1}
        panels.append({"type": "row", "title": row, "gridPos": place, "id": len(panels) + 1, "panels": []})
        top += 1
        for number, (title, unit, expressions) in enumerate(described):
            down, along = divmod(number, _A_ROW)
            place = {"x": along * _WIDTH, "y": top + down * _HEIGHT, "w": _WIDTH, "h": _HEIGHT}
            panels.append(_panel(len(panels) + 1, title, unit, expressions, place))
        top += -(-len(described) // _A_ROW) * _HEIGHT
    return {
        "title": "ContactPoint",
        "uid": "contactpoint",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "utc",
        "tags": ["contactpoint"],
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    }


def text() -> str:
    """Return the file's text."""
    return json.dumps(dashboard(), indent=1) + "\n"


def _panel(number: int, title: str, unit: str, expressions: dict[str, str], place: dict[str, int]) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${source}"}
    targets = [
        {"refId": chr(ord("A") + n), "expr": expression, "legendFormat": legend, "datasource": source}
        for n, (legend, expression) in enumerate(expressions.items())
    ]
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "datasource": source,
        "gridPos": place,
        "targets": targets,
        "fieldConfig": {"defaults": {"unit": unit, "min": 0 if unit != "s" else None}, "overrides": []},
    }


if __name__ == "__main__":
    FILE.write_text(text(), "utf-8")
