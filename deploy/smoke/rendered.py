"""An overlay as kustomize renders it, and what is asked of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from deploy.image.engine import NotBuilt

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


def render(overlay: Path) -> Rendered:
    """Return the overlay's manifests; raises NotBuilt where there is no kubectl, or kustomize refuses."""
    beside = Path(sys.executable).parent / "kubectl"
    kubectl = os.environ.get("CONTACTPOINT_KUBECTL") or (str(beside) if beside.exists() else shutil.which("kubectl"))
    if kubectl is None:
        raise NotBuilt("kubectl is missing: tools/setup_kubectl puts it into .venv.")
    done = subprocess.run([kubectl, "kustomize", overlay], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotBuilt(f"kustomize refused {overlay}:\n{done.stderr[-2000:]}")
    return Rendered(tuple(one for one in yaml.safe_load_all(done.stdout) if one))


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
