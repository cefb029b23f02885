"""The newest release as it was, checked out beside this tree: its processes start with its own code and stubs."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tarfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Self

from deploy.local import child, configuration, health
from deploy.local.layout import PROJECT
from deploy.local.suite import Suite

_RELEASES = PROJECT / "deploy" / "releases"
_HEALTHY_WITHIN_SECONDS = 60.0
_KNOWN = """
import dataclasses, importlib, inspect, json, sys
from services.runtime.config import ProcessConfig
found = importlib.import_module(sys.argv[1] + ".config")
(kind,) = [one for _, one in inspect.getmembers(found, inspect.isclass)
           if issubclass(one, ProcessConfig) and one.__module__ == found.__name__]
print(json.dumps([field.name for field in dataclasses.fields(kind)]))
"""


class NoHistory(Exception):
    """The tree is no clone that has the release's commit in it."""


@dataclass(frozen=True)
class PreviousRelease:
    """One release's tree, its stubs generated."""

    number: int
    folder: Path

    @classmethod
    def check_out(cls, folder: Path) -> Self:
        """Return the newest release, laid out in a new folder; raises NoHistory."""
        releases = [tomllib.loads(path.read_text("utf-8")) for path in _RELEASES.glob("*.toml")]
        newest = max(releases, key=lambda release: int(release["number"]))
        packed = subprocess.run(
            ["git", "-C", PROJECT, "archive", "--format=tar", newest["commit"]], capture_output=True, check=False
        )
        if packed.returncode:
            raise NoHistory(packed.stderr.decode(errors="replace"))
        with tarfile.open(fileobj=BytesIO(packed.stdout)) as archive:
            archive.extractall(folder, filter="data")
        # The environment of tools is ours: few dependencies change between two releases.
        (folder / ".venv").symlink_to(PROJECT / ".venv")
        subprocess.run([sys.executable, "-m", "tools.generate_stubs"], cwd=folder, check=True, capture_output=True)
        return cls(int(newest["number"]), folder)

    def has(self, module: str) -> bool:
        """Return whether the release has this process."""
        return (self.folder / module.replace(".", "/") / "__main__.py").exists()

    @contextmanager
    def in_place_of(self, suite: Suite, name: str) -> Iterator[None]:
        """Have this release's process in a running process's place while the block runs: same ports, same settings."""
        process = suite.plan.process(name)
        settings = suite.root / f"{name}.release-{self.number}.toml"
        settings.write_text(configuration.to_toml(self._known(process.module, suite.config(name))), "utf-8")
        settings.chmod(0o600)
        suite.process(name).stop()
        log = suite.layout.logs / f"{name}.release-{self.number}.log"
        with log.open("ab") as output:
            running = subprocess.Popen(
                [sys.executable, "-m", process.module, "serve", "--config", settings],
                cwd=self.folder,
                env=self._environment(),
                stdout=output,
                stderr=output,
            )
            try:
                self._wait_until_up(running, suite, name, log)
                yield
            finally:
                running.terminate()
                running.wait(30)
                suite.process(name).start()

    def remove(self) -> None:
        """Remove the tree."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _known(self, module: str, given: dict[str, Any]) -> dict[str, Any]:
        """Return those settings that the release knows: each release is deployed with settings of its own."""
        command = [sys.executable, "-c", _KNOWN, module]
        asked = subprocess.run(
            command, cwd=self.folder, env=self._environment(), capture_output=True, check=True, text=True
        )
        known = set(json.loads(asked.stdout))
        return {name: value for name, value in given.items() if name in known}

    def _environment(self) -> dict[str, str]:
        paths = f"{self.folder}:{self.folder / 'gen'}"
        return {**child.environment(), "PYTHONPATH": paths}

    def _wait_until_up(self, running: subprocess.Popen[bytes], suite: Suite, name: str, log: Path) -> None:
        end = time.monotonic() + _HEALTHY_WITHIN_SECONDS
        while not self._is_up(suite, name):
            assert running.poll() is None, f"release {self.number} ended at once:\n{child.tail(log)}"
            assert time.monotonic() < end, f"release {self.number} is not healthy:\n{child.tail(log)}"
            time.sleep(0.1)

    def _is_up(self, suite: Suite, name: str) -> bool:
        if suite.plan.process(name).kind == "audit.ledger":
            # One of release 1 that does not lead says that it is not healthy; it is there all the same.
            with suppress(OSError), socket.create_connection(("127.0.0.1", suite.port(name)), timeout=0.5):
                return True
            return False
        return health.is_serving(suite.port(f"{name}.health"))
