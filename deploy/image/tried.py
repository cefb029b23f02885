"""Tries on a built image what must not work, and compares its bill of materials with what lies in it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from importlib.metadata import distributions
from pathlib import Path

from deploy.image.context import PROJECT, newest_release, npm_packages
from deploy.image.engine import NotBuilt, buildah
from deploy.image.inside.finish import INSTALLERS, TOOLS
from deploy.image.inside.layout import TRUST_DOMAINS

_LABELS = {"created", "description", "licenses", "revision", "title", "version"}
# One line each, run as the image's own user: what they name must be refused.
_ATTEMPTS = {
    "writes where the code lies": "open('/opt/contactpoint/people/code/x', 'w')",
    "writes where Python lies": "open('/usr/lib/python3.11/x', 'w')",
    "becomes root": "import os; os.setuid(0)",
    "finds a shell": "import subprocess; subprocess.run(['sh', '-c', 'true'])",
    "installs": "import pip",
    "imports an installer's relative": "import setuptools",
    "finds packages without the launcher": "import grpc",
}


def what_is_wrong(image: str) -> list[str]:
    """Return a sentence for each thing about the image that is not as it must be."""
    container = buildah("from", "--pull=never", image)
    try:
        root = Path(buildah("mount", container))
        return [*_of_labels(image), *_of_files(root), *_of_bill(root), *_of_attempts(container)]
    finally:
        buildah("rm", container)


def _of_labels(image: str) -> Iterator[str]:
    said = json.loads(buildah("inspect", "--type", "image", image))["OCIv1"]["config"]
    if said.get("User") != "10001:10001":
        yield f"it runs as {said.get('User')}"
    found = {name.rpartition(".")[2] for name in said.get("Labels", {}) if name.startswith("org.opencontainers.image.")}
    if missing := _LABELS - found:
        yield f"labels are missing: {', '.join(sorted(missing))}"
    if (version := said.get("Labels", {}).get("org.opencontainers.image.version")) != newest_release(PROJECT):
        yield f"it says that it is release {version}"


def _of_files(root: Path) -> Iterator[str]:
    for folder, _, names in os.walk(root):
        for name in names:
            if name.endswith(".pth"):
                yield f"{folder}/{name} would run when Python starts"
            if Path(folder).name in {"bin", "sbin"} and name in TOOLS | INSTALLERS | {"bash", "dash", "sh"}:
                yield f"{folder}/{name} is in it"


def _of_bill(root: Path) -> Iterator[str]:
    opt = root / "opt/contactpoint"
    bill = json.loads((opt / "sbom.cdx.json").read_text("utf-8"))
    on = {one["ref"]: set(one["dependsOn"]) for one in bill["dependencies"]}
    for domain in TRUST_DOMAINS:
        held = {
            f"pkg:pypi/{one.metadata['Name'].lower().replace('_', '-').replace('.', '-')}@{one.version}"
            for one in distributions(path=[str(opt / domain / "packages")])
        }
        if not held or held != on.get(f"contactpoint/{domain}"):
            yield f"the bill of {domain} differs from its packages: {held ^ on.get(f'contactpoint/{domain}', set())}"
    from_npm = {one["purl"] for one in bill["components"] if one.get("purl", "").startswith("pkg:npm/")}
    expected = {f"pkg:npm/{one['name']}@{one['version']}" for one in npm_packages(PROJECT)}
    if (
        from_npm != expected
        or not expected <= on.get("contactpoint", set())
        or not list((opt / "static").glob("*.css"))
    ):
        yield f"the bill of the pages names {from_npm}, not {expected}"


def _of_attempts(container: str) -> Iterator[str]:
    python = ("run", container, "--", "python3", "-I", "-S", "-B", "-c")
    # That this works is why the others' failing means something.
    buildah(*python, "import json, zoneinfo; zoneinfo.ZoneInfo('Europe/London')")
    for attempt, code in _ATTEMPTS.items():
        try:
            buildah(*python, code)
        except NotBuilt:
            continue
        yield f"whoever runs in it {attempt}"
