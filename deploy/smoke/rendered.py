"""An overlay as kustomize renders it, and what is asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

Manifest = dict[str, Any]


@dataclass(frozen=True)
class Rendered:
    """Every manifest of one overlay."""

    manifests: tuple[Manifest, ...]

    def of_kind(self, kind: str) -> Iterator[Manifest]:
        """Yield the manifests of one kind, in the order in which they were rendered."""
        return (one for one in self.manifests if one["kind"] == kind)

    def named(self, kind: str, namespace: str, name: str) -> Manifest:
        """Return one manifest; raises KeyError."""
        for one in self.of_kind(kind):
            if (namespace_of(one), name_of(one)) == (namespace, name):
                return one
        raise KeyError(f"{kind} {namespace}/{name}")


def read(file: Path) -> Rendered:
    """Return the manifests of a file, as `make manifests` printed them."""
    return Rendered(tuple(one for one in yaml.safe_load_all(file.read_text("utf-8")) if one))


def name_of(manifest: Manifest) -> str:
    """Return a manifest's name."""
    return str(manifest["metadata"]["name"])


def namespace_of(manifest: Manifest) -> str:
    """Return a manifest's namespace, empty where it has none."""
    return str(manifest["metadata"].get("namespace", ""))


def pod_of(workload: Manifest) -> Manifest:
    """Return the pod's specification inside a Deployment or a Job."""
    spec: Manifest = workload["spec"]["template"]["spec"]
    return spec
