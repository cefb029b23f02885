"""Renders an overlay with the kustomize that is inside the pinned kubectl, and finds things in what came out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

Object = dict[str, Any]

PROJECT = Path(__file__).resolve().parents[2]
KUBERNETES = PROJECT / "deploy" / "kubernetes"
OVERLAYS = ("dev", "staging", "production")
NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
_HASHED = re.compile(r"-[0-9a-z]{10}$")


def kubectl() -> Path:
    """Return the program that renders: CONTACTPOINT_KUBECTL, or the one that `make test` put beside this Python."""
    return Path(os.environ.get("CONTACTPOINT_KUBECTL") or Path(sys.executable).parent / "kubectl")


@cache
def rendered(folder: Path) -> tuple[Object, ...]:
    """Return the objects of a kustomization."""
    assert kubectl().exists(), "kubectl is missing: tools/setup_kubectl puts it there"
    done = subprocess.run([kubectl(), "kustomize", folder], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return tuple(yaml.load_all(done.stdout, Loader=yaml.CSafeLoader))


def overlay(name: str) -> tuple[Object, ...]:
    """Return the objects of an overlay."""
    return rendered(KUBERNETES / "overlays" / name)


def environment_of(name: str) -> dict[str, str]:
    """Return what an overlay says of its environment."""
    found = yaml.safe_load((KUBERNETES / "overlays" / name / "environment.yaml").read_text("utf-8"))
    data: dict[str, str] = found["data"]
    return data


def of_kind(objects: tuple[Object, ...], kind: str) -> Iterator[Object]:
    """Yield the objects of one kind."""
    return (one for one in objects if one["kind"] == kind)


def only(objects: tuple[Object, ...], kind: str, name: str, namespace: str = "") -> Object:
    """Return the one object of that kind and name."""
    (found,) = (
        one
        for one in of_kind(objects, kind)
        if one["metadata"]["name"] == name and namespace in ("", one["metadata"]["namespace"])
    )
    return found


def plain_name(name: str) -> str:
    """Return a ConfigMap's name without the digest of its content."""
    return _HASHED.sub("", name)


@dataclass(frozen=True, kw_only=True)
class Pod:
    """What a Deployment or Job starts."""

    kind: str
    name: str
    """The Deployment's or Job's."""
    namespace: str
    labels: Mapping[str, str]
    spec: Mapping[str, Any]

    @property
    def process(self) -> str:
        """Which of our processes it is, such as "audit.ledger"; a neighbour's own name where it is none of ours."""
        return self.labels[NAME].replace("-", ".")

    @property
    def is_ours(self) -> bool:
        """Whether one of our processes runs in it."""
        return COMPONENT in self.labels

    @property
    def serves(self) -> bool:
        """Whether it serves; the others migrate."""
        return self.labels.get(COMPONENT) == "serve"

    @property
    def containers(self) -> list[Object]:
        """All containers, those that run first among them."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]

    @property
    def main(self) -> Object:
        """The container that stays."""
        (found,) = self.spec["containers"]
        one: Object = found
        return one

    def volume(self, name: str) -> Object:
        """Return the volume of that name."""
        (found,) = (one for one in self.spec["volumes"] if one["name"] == name)
        one: Object = found
        return one


def pods(objects: tuple[Object, ...]) -> list[Pod]:
    """Return the pods of all Deployments and Jobs."""
    return [
        Pod(
            kind=one["kind"],
            name=one["metadata"]["name"],
            namespace=one["metadata"]["namespace"],
            labels=one["spec"]["template"]["metadata"]["labels"],
            spec=one["spec"]["template"]["spec"],
        )
        for one in objects
        if one["kind"] in ("Deployment", "Job", "StatefulSet", "DaemonSet", "CronJob")
    ]


def our_pods(objects: tuple[Object, ...]) -> list[Pod]:
    """Return the pods in which our processes serve or migrate."""
    return [pod for pod in pods(objects) if pod.is_ours]


def settings_text(objects: tuple[Object, ...], pod: Pod) -> str:
    """Return the settings that a pod is given."""
    mounted = pod.volume("settings")["configMap"]["name"]
    text: str = only(objects, "ConfigMap", mounted, pod.namespace)["data"]["settings.toml"]
    return text
