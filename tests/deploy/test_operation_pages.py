"""The pages of operation and assurance: links, promises of the register, the catalogue."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from services.runtime.errors import every_error
from services.runtime.metrics import ATTRIBUTES
from tools.generate_docs import errors_page, metrics_page

ROOT = Path(__file__).resolve().parents[2]
# PostgreSQL's words, and a placeholder.
OTHERS = {"archived_count", "pg_stat_activity", "pg_wal", "LOG_FOLDER"}
PAGES = [
    *sorted((ROOT / "docs" / "operation").glob("*.md")),
    *sorted((ROOT / "docs" / "assurance").glob("*.md")),
    ROOT / "docs" / "deploy.md",
    ROOT / "deploy" / "observability" / "README.md",
]


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in link:
            assert (page.parent / link).exists(), link


def test_the_assessment_names_promises_of_the_register() -> None:
    register = yaml.safe_load((ROOT / "docs" / "assurance" / "promises.yaml").read_text())
    kept = {promise["id"] for promise in register["promises"]}
    rows = [line.split("|") for line in (ROOT / "docs" / "assurance" / "dpia.md").read_text().splitlines()]
    # The column "shown by".
    named = {name for cells in rows if len(cells) == 9 for name in re.findall(r"\b[A-Z]\d\b", cells[4])}
    assert {"S3", "D7", "R1"} <= named
    assert named <= kept


def test_the_catalogue_is_current() -> None:
    assert (ROOT / "docs" / "operation" / "metrics.md").read_text() == metrics_page()


def test_every_reason_and_status_may_be_said() -> None:
    errors_page()  # imports every module of errors
    errors = list(every_error())
    assert len(errors) > 40
    for error in errors:
        for name, said in (("reason", error.reason), ("code", error.status)):
            words = ATTRIBUTES[name]
            assert words is not None
            assert words.fullmatch(said), said


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "runbooks").glob("*.md")), ids=lambda path: path.stem)
def test_a_runbook_says_when_it_is_over(path: Path) -> None:
    if path.stem not in {"README", "keys", "without-directory", "lost-redis"}:
        assert "## Over when" in path.read_text()


def test_what_a_runbook_names_is_in_the_code() -> None:
    source = (
        "\n".join(
            path.read_text()
            for folder in ("services", "gateway", "deploy", "protos")
            for kind in ("*.py", "*.toml", "*.yaml", "*.proto")
            for path in (ROOT / folder).rglob(kind)
        )
        + metrics_page()
    )
    for path in sorted((ROOT / "docs" / "runbooks").glob("*.md")):
        # Events, works, settings and series; reasons and states.
        said = set(re.findall(r"`([a-z]+(?:_[a-z]+)+|[A-Z]+(?:_[A-Z]+)+)`", path.read_text()))
        assert {name for name in said if name not in source} <= OTHERS, path.name
