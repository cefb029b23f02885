"""Gathers what the Dockerfile may see: the product's code, its stubs, the pages' files, and wheels named by hash."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.image.engine import NotBuilt, program
from deploy.image.inside.layout import NEEDLESS, SHARED, TRUST_DOMAINS

PROJECT = Path(__file__).resolve().parents[2]
_MACHINES = {"x86_64": "x86_64", "aarch64": "aarch64"}
#: The C libraries that the base's 2.36 can stand in for.
_PLATFORMS = ("manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014")
_MARKER = re.compile(r"^(?P<pin>[\w.\[\],-]+==[^\s;]+)\s*;.*?(?P<goes_on>\\?)$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Release:
    """What is being built: the newest release's number, the commit it is, and that commit's time."""

    version: str
    revision: str
    epoch: int

    @property
    def created(self) -> str:
        """The commit's time as the labels have it."""
        return datetime.fromtimestamp(self.epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def release_of(project: Path) -> Release:
    """Return what the working tree is; raises NotBuilt where git does not know it."""
    try:
        revision, epoch = _git(project, "log", "-1", "--format=%H %ct").split()
        is_changed = bool(_git(project, "status", "--porcelain"))
    except (OSError, ValueError, subprocess.CalledProcessError):
        raise NotBuilt("This folder is no clone: the image says which commit it is, so it is built from one.") from None
    return Release(
        version=newest_release(project), revision=revision + ("-changed" if is_changed else ""), epoch=int(epoch)
    )


def newest_release(project: Path) -> str:
    """Return the number of the newest release that the tree knows; raises NotBuilt where there is none."""
    kept = (project / "deploy" / "releases").glob("*.toml")
    numbers = [int(tomllib.loads(path.read_text("utf-8"))["number"]) for path in kept]
    if not numbers:
        raise NotBuilt("deploy/releases names no release.")
    return str(max(numbers))


def gather(folder: Path, release: Release, *, machine: str, project: Path = PROJECT) -> None:
    """Fill `folder` with the context, anew but for wheels that are there already; raises NotBuilt."""
    for name in ("source", "contracts", "static", "inside", "requirements"):
        shutil.rmtree(folder / name, ignore_errors=True)
    parts = [part for processes in TRUST_DOMAINS.values() for part in processes] + list(SHARED)
    for part in parts:
        if (project / part).is_dir():
            shutil.copytree(project / part, folder / "source" / part, ignore=NEEDLESS)
        for above in Path(part).parents:
            if (project / above / "__init__.py").is_file() and (folder / "source" / above).is_dir():
                shutil.copy(project / above / "__init__.py", folder / "source" / above)
    shutil.copytree(project / "gen", folder / "contracts", ignore=_all_but_stubs)
    _gather_pages(folder, project)
    shutil.copytree(Path(__file__).with_name("inside"), folder / "inside", ignore=NEEDLESS)
    shutil.copy(Path(__file__).with_name("Dockerfile"), folder)
    lists = [*TRUST_DOMAINS, "image"]
    (folder / "requirements").mkdir()
    for name in lists:
        shutil.copy(project / "requirements" / f"{name}.txt", folder / "requirements")
    told = {"version": release.version, "revision": release.revision, "created": release.created}
    (folder / "release.json").write_text(json.dumps(told, indent=1, sort_keys=True) + "\n", "utf-8")
    _gather_wheels(folder, lists, machine)


def without_markers(requirements: str) -> str:
    """Return a hashed file without "only if": the image's own Python decides what it installs, not the one here."""
    return _MARKER.sub(r"\g<pin> \g<goes_on>", requirements)


def _gather_pages(folder: Path, project: Path) -> None:
    static = project / "gen" / "static"
    if static.is_dir():
        shutil.copytree(static, folder / "static", ignore=NEEDLESS)
    else:
        (folder / "static").mkdir()
    packages = npm_packages(project) if static.is_dir() else []
    (folder / "npm.json").write_text(json.dumps(packages, indent=1, sort_keys=True) + "\n", "utf-8")


def npm_packages(project: Path) -> list[dict[str, Any]]:
    """Return the components of the npm packages that are compiled into the pages' files: all but tools and tests."""
    lock = json.loads((project / "gateway" / "web" / "package-lock.json").read_text("utf-8"))
    found = []
    for place, said in sorted(lock["packages"].items()):
        if place and not said.get("dev"):
            algorithm, _, digest = said["integrity"].partition("-")
            if algorithm != "sha512":
                raise NotBuilt(f"{place} is locked by {algorithm}, not by SHA-512.")
            found.append(
                {
                    "name": place.rpartition("node_modules/")[2],
                    "version": said["version"],
                    "hashes": [{"alg": "SHA-512", "content": base64.b64decode(digest, validate=True).hex()}],
                    "licenses": [{"expression": said["license"]}],
                }
            )
    return found


def _gather_wheels(folder: Path, lists: Iterable[str], machine: str) -> None:
    """Fetch the wheels of every list, each of which must have a hash that the list names, and drop all others."""
    if machine not in _MACHINES:
        raise NotBuilt(f"No image for {machine}: our packages have wheels for {', '.join(_MACHINES)}.")
    stamp = "".join((folder / "requirements" / f"{name}.txt").read_text("utf-8") for name in lists) + machine
    kept = folder / "wheels.of"
    if kept.is_file() and kept.read_text("utf-8") == stamp:
        return
    kept.unlink(missing_ok=True)
    for name in lists:
        target = folder / ("pip" if name == "image" else "wheels")
        wanted = folder / "requirements" / f"{name}.wanted"
        wanted.write_text(without_markers((folder / "requirements" / f"{name}.txt").read_text("utf-8")), "utf-8")
        _download(wanted, target, machine)
        wanted.unlink()
    kept.write_text(stamp, "utf-8")


def _download(requirements: Path, target: Path, machine: str) -> None:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"),
            *("--require-hashes", "--only-binary=:all:", "--no-deps", "--requirement", requirements, "--dest", target),
            *("--python-version=3.11", "--implementation=cp", "--abi=cp311", "--abi=abi3", "--abi=none"),
            *(f"--platform={platform}_{_MACHINES[machine]}" for platform in _PLATFORMS),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotBuilt(f"pip could not fetch the wheels of {requirements.stem}:\n{done.stderr[-2000:]}")


def _all_but_stubs(folder: str, names: list[str]) -> set[str]:
    return NEEDLESS(folder, names) | ({"static"} & set(names))


def _git(project: Path, *arguments: str) -> str:
    return subprocess.run(
        [program("git"), *arguments], cwd=project, check=True, capture_output=True, text=True
    ).stdout.strip()
