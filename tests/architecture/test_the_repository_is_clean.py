"""What git keeps: nothing made, nothing of one machine, no place to fetch from, no drawer for odds and ends."""

import re
from pathlib import PurePosixPath

import pytest

from tests.architecture.source import ROOT, product_files, repository_files, text

# Written in two halves, or this file would be its own first find.
HOSTS = re.compile(
    "|".join(
        re.escape(name) + re.escape(end)
        for name, end in [
            ("pypi", ".org"),
            ("pythonhosted", ".org"),
            ("registry.npmjs", ".org"),
            ("registry.yarnpkg", ".com"),
            ("proxy.golang", ".org"),
            ("crates", ".io/api"),
            ("docker", ".io"),
            ("ghcr", ".io"),
            ("quay", ".io"),
            ("buf", ".build/"),
        ]
    )
    + r"|--(extra-)?index-"
    + "url"
)
MACHINE_PATHS = re.compile(r"(?<![\w.])/(?:home|root|Users|work|workspace|mnt|opt/wheels)/[\w.]")
DRAWERS = {"utils", "util", "common", "helpers", "helper", "core", "misc", "shared"}
LONGEST = 400
LONG_FILES: dict[str, str] = {
    "deploy/local/supervisor.py": "one life, from set-up to the end; its half-states are understood only together",
    "deploy/local/suite.py": "all that tests and the demonstration may do to a suite stands in one place",
}
"""Product files that may be longer, each with its reason."""

TEXTS = [path for path in repository_files() if PurePosixPath(path).suffix not in {".binpb", ".png", ".woff2"}]


def line_faults(line: str) -> list[str]:
    """Return the hosts and paths in a line that belong to one machine."""
    return [found.group() for pattern in (HOSTS, MACHINE_PATHS) for found in pattern.finditer(line)]


def is_drawer(path: str) -> bool:
    """Whether a path has a part that says nothing about what is in it."""
    return any(part.split(".")[0] in DRAWERS for part in PurePosixPath(path).parts)


def test_no_file_names_a_registry_or_a_machine() -> None:
    found = [
        f"{path}:{number}: {fault}"
        for path in TEXTS
        for number, line in enumerate(text(path).splitlines(), 1)
        for fault in line_faults(line)
        if not (path == "tools/lock" and "no-emit" in line)
    ]
    assert found == []


def test_nothing_made_is_kept() -> None:
    made = re.compile(r"(^|/)(gen|\.local|\.venv|__pycache__)/|\.(pyc|pem|key|log)$")
    assert [path for path in repository_files() if made.search(path)] == []


def test_nothing_is_a_drawer() -> None:
    assert [path for path in repository_files() if is_drawer(path)] == []


@pytest.mark.parametrize("path", product_files())
def test_no_file_is_too_long(path: str) -> None:
    lines = text(path).count("\n")
    assert lines <= LONGEST or path in LONG_FILES, f"{lines} lines: make it two acts, or say why not"


def test_an_excuse_for_a_long_file_is_still_needed() -> None:
    assert [path for path in LONG_FILES if text(path).count("\n") <= LONGEST] == []


def test_requirements_are_pinned_hashed_and_name_no_place() -> None:
    for path in sorted((ROOT / "requirements").glob("*.txt")):
        for block in re.split(r"\n(?=\S)", path.read_text().strip()):
            assert re.match(r"[a-z0-9._-]+(\[[a-z,]+\])?==\S+", block), f"{path.name}: {block[:60]}"
            assert "--hash=sha256:" in block, f"{path.name}: {block[:60]}"
            assert ":" + "//" not in block


def test_bad_samples_are_found() -> None:
    assert line_faults("see https://files.python" + "hosted.org/x") != []
    assert line_faults("--index-" + "url x") != []
    assert line_faults("open('/ho" + "me/ada/key')") != []
    assert line_faults("a/home/page.py and ~/x") == []
    assert is_drawer("services/directory/utils.py")
    assert is_drawer("services/common/x.py")
    assert not is_drawer("services/directory/matching.py")
