"""The register of promises, read from docs/assurance/promises.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

REGISTER = Path(__file__).resolve().parents[2] / "docs" / "assurance" / "promises.yaml"


@dataclass(frozen=True, kw_only=True)
class Change:
    """One edit of the sources: a text that stands exactly once, and what takes its place."""

    file: str
    replace: str
    by: str


@dataclass(frozen=True, kw_only=True)
class Kill:
    """One way to break the build, and the tests that must go red."""

    way: str
    changes: tuple[Change, ...]
    tests: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Promise:
    """One promise, the tests that show it, and the ways to break it."""

    id: str
    promise: str
    figure: str
    tests: tuple[str, ...]
    kills: tuple[Kill, ...]


def read_register() -> list[Promise]:
    """Return the promises in the register's order; raises KeyError for one that lacks something."""
    return [_promise(one) for one in yaml.safe_load(REGISTER.read_text("utf-8"))["promises"]]


def _promise(value: dict[str, Any]) -> Promise:
    return Promise(
        id=value["id"],
        promise=value["promise"],
        figure=value["figure"],
        tests=tuple(value["tests"]),
        kills=tuple(
            Kill(
                way=kill["way"],
                changes=tuple(Change(**change) for change in kill["changes"]),
                tests=tuple(kill["tests"]),
            )
            for kill in value["kills"]
        ),
    )
