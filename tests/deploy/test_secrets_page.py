"""docs/assurance/secrets.md names every setting that is a secret, and no other."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from pathlib import Path

from deploy.local.processes import PROCESSES
from services.runtime.config import ProcessConfig

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "assurance" / "secrets.md"


def declared() -> set[tuple[str, str]]:
    """Return (process, setting) of each secret in the code; what every process has once, under "every process"."""
    common = {field.name for field in dataclasses.fields(ProcessConfig) if field.metadata.get("is_secret")}
    found = {("every process", name) for name in common}
    for path in sorted([*ROOT.glob("services/**/config.py"), *ROOT.glob("gateway/*/config.py")]):
        module = path.relative_to(ROOT).with_suffix("").parts
        if module[:2] == ("services", "runtime"):
            continue
        process = ".".join(module[1:-1] if module[0] == "services" else module[:-1])
        for _, kind in inspect.getmembers(importlib.import_module(".".join(module)), inspect.isclass):
            if issubclass(kind, ProcessConfig) and kind is not ProcessConfig:
                found |= {
                    (process, field.name)
                    for field in dataclasses.fields(kind)
                    if field.metadata.get("is_secret") and field.name not in common
                }
    return found


def on_the_page() -> set[tuple[str, str]]:
    """Return the first two columns of the first table."""
    table = PAGE.read_text().partition("## Settings of processes")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| ([a-z. ]+) \| `(\w+)` \|", table, re.MULTILINE))


def test_the_page_names_every_secret_setting_and_no_other() -> None:
    assert ("audit.ledger", "root_secret") in declared()
    assert on_the_page() == declared()


def test_every_secret_file_of_the_local_deployment_is_such_a_setting() -> None:
    given = {(process.name, setting) for process in PROCESSES for setting in process.secrets}
    assert given <= declared()


def test_every_row_says_all_of_it() -> None:
    for line in PAGE.read_text().splitlines():
        if line.startswith("|"):
            assert all(cell.strip() for cell in line.strip("|").split("|")), line
