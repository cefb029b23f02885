"""What the pages for operators name exists: targets of make, files, scripts, modules, methods."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest
from google.protobuf import descriptor_pb2

from tests.deploy.rendering import PROJECT, of_kind, overlay

PAGES = [
    PROJECT / "README.md",
    PROJECT / "docs" / "deploy.md",
    PROJECT / "deploy" / "kubernetes" / "README.md",
    *sorted((PROJECT / "docs" / "runbooks").glob("*.md")),
]
_TARGETS = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
_TOP = {path.name for path in PROJECT.iterdir() if path.is_dir() and not path.name.startswith(".")} - {"gen"}
_MADE = "<[a-zA-Z]+>|{[^}]*}|[$][A-Z]+|[A-Z]{2,}"
"""What stands in a path for what somebody says."""


def targets(text: str) -> set[str]:
    """Return the targets of make that a text names, in code."""
    code = "\n".join(re.findall(r"`([^`]+)`", text.replace("```", "`")))
    return set(re.findall(r"\bmake (?:-s )?([a-z][a-z-]*)", code))


def paths(text: str) -> set[str]:
    """Return the files and folders of ours that a text names, with * for what somebody says."""
    found = re.findall(rf"(?<![\w./~$-])((?:{'|'.join(_TOP)})/[^\s`'\"(),:;|\]]*)", text)
    return {re.sub(_MADE, "*", path.rstrip(".").replace("**", "*")) for path in found}


def modules(text: str) -> set[str]:
    """Return the modules that a text has Python run."""
    return set(re.findall(r"(?:python -m|launch\.py) ([a-z_.]+[a-z])(?![.a-zA-Z])", text))


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    assert targets(text) <= _TARGETS
    # kubectl's deploy/NAME is a Deployment.
    deployments = {f"deploy/{one['metadata']['name']}" for one in of_kind(overlay("production"), "Deployment")}
    assert not {path for path in paths(text) - deployments if not any(PROJECT.glob(path.rstrip("/")))}
    assert not {name for name in modules(text) if importlib.util.find_spec(f"{name}.__main__") is None}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_a_method_that_a_page_names_is_in_the_contracts(page: Path) -> None:
    contracts = descriptor_pb2.FileDescriptorSet.FromString((PROJECT / "gen" / "contactpoint.binpb").read_bytes())
    there = {
        f"{service.name}/{method.name}"
        for file in contracts.file
        for service in file.service
        for method in service.method
    }
    assert set(re.findall(r"\b[A-Z][A-Za-z]+Service/[A-Z][A-Za-z]+", page.read_text("utf-8"))) <= there


def test_what_is_not_there_would_be_found() -> None:
    text = "Say `make nothing-like-it`, `deploy/nowhere/<name>.toml` and `python -m deploy.nowhere`."
    assert targets(text) == {"nothing-like-it"}
    assert paths(text) == {"deploy/nowhere/*.toml"}
    assert modules(text) == {"deploy.nowhere"}
    readme = (PROJECT / "README.md").read_text("utf-8")
    assert {"demo", "test"} <= targets(readme)
    assert {"clients/verify_log", "docs/tour.md"} <= paths(readme)
