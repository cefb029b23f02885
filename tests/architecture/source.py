"""The project's own files as the architecture tests read them: paths and syntax trees, nothing imported."""

import ast
import re
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PRODUCT_FOLDERS = ("services", "gateway", "deploy", "clients")
# Import path = file path = process.
PROCESSES = {
    "identity": "services/identity",
    "directory": "services/directory",
    "shielding": "services/shielding",
    "audit.ledger": "services/audit/ledger",
    "audit.review": "services/audit/review",
    "gateway.edge": "gateway/edge",
    "gateway.web": "gateway/web",
}


@cache
def product_files() -> tuple[str, ...]:
    """Return the paths of all Python files that run in production, relative to the root."""
    found = (path for folder in PRODUCT_FOLDERS for path in (ROOT / folder).rglob("*.py"))
    return tuple(sorted(str(path.relative_to(ROOT)) for path in found))


@cache
def repository_files() -> tuple[str, ...]:
    """Return the paths that git keeps or would keep, relative to the root."""
    # A clone may belong to somebody else than who tests it.
    git = ["git", "-c", "safe.directory=*", "-C", str(ROOT), "ls-files", "-z"]
    listed = subprocess.run(
        [*git, "--cached", "--others", "--exclude-standard"], check=True, capture_output=True, text=True
    ).stdout
    return tuple(sorted(path for path in set(listed.split("\0")) if path and (ROOT / path).is_file()))


def text(path: str) -> str:
    """Return a file's text."""
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def tree(path: str) -> ast.Module:
    """Return a Python file's syntax tree."""
    return ast.parse(text(path), filename=path)


def snake(name: str) -> str:
    """Return an RPC's name as its use case's file is called: OpenRecord -> open_record."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def process_of_package(package: str) -> str:
    """Return the process that a proto package belongs to: contactpoint.audit.review.v1 -> audit.review."""
    return package.removeprefix("contactpoint.").rsplit(".", 1)[0]


def imported_modules(module: ast.Module) -> set[str]:
    """Return the full names of all modules that a file imports, wherever in the file."""
    names: set[str] = set()
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names
