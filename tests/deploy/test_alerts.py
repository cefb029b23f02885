"""Every alert fires when it should and not before, wakes somebody or nobody on purpose, and leads to a page."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.observability import dashboard
from tests.deploy.alert_cases import CASES, Series
from tools.generate_docs import metrics_with_owners
from tools.metric_names import prometheus_names

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "observability"
RULES = sorted((FOLDER / "rules").glob("*.yaml"))
# What others measure: kubelet, CloudNativePG, Prometheus itself.
FOREIGN = {
    "kubelet_volume_stats_available_bytes",
    "kubelet_volume_stats_capacity_bytes",
    "cnpg_collector_last_available_backup_timestamp",
    "cnpg_pg_stat_archiver_seconds_since_last_archival",
    "up",
}
_SERIES = re.compile(r"\b(?:contactpoint|kubelet|cnpg)_\w+|\bup\b(?=\{)")
_PROMTOOL = shutil.which("promtool")

needs_promtool = pytest.mark.skipif(
    _PROMTOOL is None, reason="`make check-observability` installs promtool (Debian's prometheus)"
)


@cache
def rules() -> tuple[dict[str, Any], ...]:
    """Return every rule of every file."""
    return tuple(
        rule for path in RULES for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]
    )


def alerts() -> dict[str, dict[str, Any]]:
    """Return the alerts by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def series_of(text: str) -> set[str]:
    """Return the series that an expression names, without those that rules record."""
    return set(_SERIES.findall(re.sub(r"\bcontactpoint:\w+", "", text)))


def known_series() -> set[str]:
    """Return every series that there is."""
    return {name for metric, _ in metrics_with_owners() for name in prometheus_names(metric)} | FOREIGN


def test_every_alert_has_a_case_and_every_case_an_alert() -> None:
    assert sorted(alerts()) == sorted(CASES)
    assert len([rule for rule in rules() if "alert" in rule]) == len(CASES)


@pytest.mark.parametrize("name", sorted(alerts()))
def test_it_says_whom_it_wakes_and_where_to_read(name: str) -> None:
    rule = alerts()[name]
    severity, wakes = rule["labels"]["severity"], rule["labels"]["wakes"]
    assert severity in {"page", "ticket", "none"}
    assert wakes in ({"platform", "security"} if severity == "page" else {"nobody"})
    runbook = ROOT / rule["annotations"]["runbook"]
    assert runbook.parent == ROOT / "docs" / "runbooks"
    assert runbook.is_file()
    assert rule["annotations"]["summary"].endswith(".")


@pytest.mark.parametrize("runbook", sorted((ROOT / "docs" / "runbooks").glob("*.md")), ids=lambda path: path.stem)
def test_every_page_is_in_the_list_and_its_links_lead_somewhere(runbook: Path) -> None:
    text = runbook.read_text()
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text):
        if "://" not in link:
            assert (runbook.parent / link).exists(), link
    if runbook.stem != "README":
        assert f"({runbook.name})" in (runbook.parent / "README.md").read_text()


def test_every_metric_in_a_rule_exists() -> None:
    named = set().union(*(series_of(rule["expr"]) for rule in rules()))
    assert named - known_series() == set()
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert {one for rule in rules() for one in re.findall(r"contactpoint:[\w:]+", rule["expr"])} <= recorded


def test_an_unknown_metric_would_be_found() -> None:
    assert series_of("rate(contactpoint_rpc_call_total[5m])") - known_series() == {"contactpoint_rpc_call_total"}


def test_every_metric_on_the_dashboard_exists() -> None:
    shown = json.loads((FOLDER / "dashboard.json").read_text())
    expressions = [target["expr"] for panel in shown["panels"] for target in panel.get("targets", ())]
    assert len(expressions) > 15
    assert set().union(*map(series_of, expressions)) - known_series() == set()
    recorded = {rule["record"] for rule in rules() if "record" in rule}
    assert {one for text in expressions for one in re.findall(r"contactpoint:[\w:]+", text)} <= recorded


def test_the_dashboard_is_what_its_code_says() -> None:
    assert (FOLDER / "dashboard.json").read_text() == dashboard.text()


@needs_promtool
def test_the_rules_are_rules() -> None:
    done = subprocess.run([str(_PROMTOOL), "check", "rules", *RULES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
@pytest.mark.parametrize("name", sorted(CASES))
def test_it_fires_when_it_should_and_not_before(name: str, tmp_path: Path) -> None:
    case, rule = CASES[name], alerts()[name]
    expected = {
        "exp_labels": {**rule["labels"], **case.labels},
        "exp_annotations": {
            key: re.sub(r"\{\{ \$labels\.(\w+) \}\}", lambda found: case.labels[found[1]], text)
            for key, text in rule["annotations"].items()
        },
    }
    tests = [as_promtool(name, case.fires, case.after, [expected])]
    if name != "Watchdog":
        tests.append(as_promtool(name, case.quiet, case.after, []))
    file = tmp_path / "tests.yaml"
    own = [str(path) for path in RULES if f"alert: {name}\n" in path.read_text()]
    # As they stand in the files, so that what is recorded is there for the alert of the same moment.
    order = [group["name"] for rules in own for group in yaml.safe_load(Path(rules).read_text())["groups"]]
    said = {"rule_files": own, "group_eval_order": order, "evaluation_interval": case.every, "tests": tests}
    file.write_text(yaml.safe_dump(said))
    done = subprocess.run([str(_PROMTOOL), "test", "rules", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def as_promtool(name: str, series: Series, after: str, expected: list[dict[str, Any]]) -> dict[str, Any]:
    """Return one of promtool's tests."""
    return {
        "interval": "1m",
        "input_series": [{"series": key, "values": values} for key, values in series.items()],
        "alert_rule_test": [{"eval_time": after, "alertname": name, "exp_alerts": expected}],
    }
