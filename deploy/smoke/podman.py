"""podman, as the smoke uses it: one network of its own, pods with known addresses, and everything taken away again."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.image.engine import NotBuilt
from deploy.smoke.rendered import Manifest

_MANY = 16_384


@dataclass
class Podman:
    """Plays manifests into one network; `folder` holds what was played, word for word."""

    folder: Path
    network: str
    subnet: str
    _played: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.configuration = self.folder / "containers.conf"
        # podman asks for a million open files, and as many processes: more than every machine may give.
        limits = {"nofile": resource.RLIMIT_NOFILE, "nproc": resource.RLIMIT_NPROC}
        given = [f'"{name}={_at_most(limit)}:{_at_most(limit)}"' for name, limit in limits.items()]
        self.configuration.write_text(f"[containers]\ndefault_ulimits = [{', '.join(given)}]\n")

    def prepare(self) -> None:
        """Make the network; what an earlier run left of ours is taken away first."""
        self.remove_all()
        self.run("network", "create", "--subnet", self.subnet, self.network)

    def play(self, manifests: Iterable[Manifest], *, name: str, address: str) -> None:
        """Play one workload, and the config maps that it needs, at an address; raises NotBuilt."""
        file = self.folder / f"{name}.yaml"
        # JSON is YAML that every reader reads alike.
        file.write_text("\n---\n".join(json.dumps(manifest, indent=1) for manifest in manifests))
        self._played.append(file)
        self.run("kube", "play", "--network", self.network, "--ip", address, "--log-driver", "k8s-file", str(file))

    def wait(self, container: str) -> int:
        """Wait for a container's end and return its exit code."""
        return int(self.run("wait", container))

    def logs(self, container: str) -> str:
        """Return the end of what a container printed."""
        done = subprocess.run(
            self._command("logs", "--tail", "15", container),
            capture_output=True,
            text=True,
            env=self._environment,
            check=False,
        )
        return done.stdout + done.stderr

    def remove_all(self) -> None:
        """Remove every pod in the network, and the network."""
        pods = self.run("pod", "ps", "--quiet", "--filter", f"network={self.network}").split()
        if pods:
            self.run("pod", "rm", "--force", "--time", "12", *pods)
        subprocess.run(
            self._command("network", "rm", "--force", self.network),
            capture_output=True,
            env=self._environment,
            check=False,
        )

    def run(self, *arguments: str) -> str:
        """Run podman and return what it prints; raises NotBuilt with its last words."""
        done = subprocess.run(
            self._command(*arguments), capture_output=True, text=True, env=self._environment, check=False
        )
        if done.returncode:
            raise NotBuilt(f"podman {' '.join(arguments[:2])} failed:\n{(done.stdout + done.stderr)[-2000:]}")
        return done.stdout.strip()

    def _command(self, *arguments: str) -> list[str]:
        return ["podman", "--runtime", "runc", *arguments]

    @property
    def _environment(self) -> dict[str, str]:
        return {**os.environ, "CONTAINERS_CONF": str(self.configuration)}


def _at_most(limit: int) -> int:
    _, hard = resource.getrlimit(limit)
    return _MANY if hard == resource.RLIM_INFINITY else min(hard, _MANY)
