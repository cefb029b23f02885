"""Runs the commands of docs/deploy.md as they are written, against what podman plays, and says which it ran."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from deploy.image.engine import NotBuilt

PROJECT = Path(__file__).resolve().parents[2]
PAGE = PROJECT / "docs" / "deploy.md"
#: The first line of each block says who ran it.
RUN = "# make cluster-smoke runs this: "
OTHERS = (
    "# run by hand",
    "# a test runs this",
    "# yours to fill in",
    "# needs a cluster: not run here",
    "# needs people: not run here",
)
#: The blocks that the smoke runs, in its order.
NAMES = ("image", "manifests", "leader", "found", "mails", "verifier", "stop")
_PATIENCE_SECONDS = 90.0


@dataclass(frozen=True)
class Block:
    """One block of commands of the page."""

    mark: str
    text: str

    @property
    def name(self) -> str:
        """How the smoke calls it, "" where the smoke does not run it."""
        return self.mark.removeprefix(RUN) if self.mark.startswith(RUN) else ""

    @property
    def commands(self) -> list[str]:
        """The commands without what a comment says; one on several lines is one."""
        joined = re.sub(r"\\\n\s*", "", self.text)
        return [line for line in (re.sub(r"(^|\s+)#.*$", "", line) for line in joined.splitlines()) if line]


def blocks(page: Path = PAGE) -> Iterator[Block]:
    """Yield the blocks of the page, in order."""
    for text in re.findall(r"^```\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL):
        mark, _, rest = text.partition("\n")
        yield Block(mark, rest)


@dataclass
class Documented:
    """The page, being followed; `folder` holds a kubectl of our own, which speaks to podman."""

    folder: Path
    variables: dict[str, str]
    ran: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        shim = self.folder / "kubectl"
        shim.write_text(f'#!/bin/sh\nPYTHONPATH={PROJECT} exec {sys.executable} -m deploy.smoke.kubectl "$@"\n')
        shim.chmod(0o700)

    def knows(self, pods: list[dict[str, object]], configuration: Path) -> None:
        """Tell our kubectl which pods there are."""
        (self.folder / "pods.json").write_text(json.dumps(pods))
        self.variables |= {
            "CONTACTPOINT_PLAYED": str(self.folder / "pods.json"),
            "CONTAINERS_CONF": str(configuration),
        }

    def run(self, name: str, variables: Mapping[str, str] | None = None, *, is_awaited: bool = False) -> str:
        """Run a block in a shell and return what it prints; raises NotBuilt where it fails.

        A block that `is_awaited` only reads: it is run again until it prints something.
        """
        (block,) = (one for one in blocks() if one.name == name)
        end = time.monotonic() + (_PATIENCE_SECONDS if is_awaited else 0)
        while True:
            done = subprocess.run(
                ["/bin/bash", "-euo", "pipefail", "-c", block.text],
                cwd=PROJECT,
                env=self._environment(variables or {}),
                capture_output=True,
                text=True,
                check=False,
            )
            has_worked = done.returncode == 0 and (bool(done.stdout.strip()) or not is_awaited)
            if has_worked or time.monotonic() > end:
                break
            time.sleep(1)
        if not has_worked:
            raise NotBuilt(
                f"docs/deploy.md, {name}: it ended with {done.returncode}:\n{done.stdout}{done.stderr[-2000:]}"
            )
        if name not in self.ran:
            self.ran.append(name)
        return done.stdout

    def summary(self) -> str:
        """Return which commands ran as written, and which did not."""
        ran = [command for one in blocks() if one.name in self.ran for command in one.commands]
        left = [command for one in blocks() if one.name not in self.ran for command in one.commands]
        return "\n".join(
            [
                "Commands of docs/deploy.md that ran as written, kubectl's part played by podman:",
                *(f"  {command}" for command in ran),
                "Commands of docs/deploy.md that did not run here:",
                *(f"  {command}" for command in left),
            ]
        )

    def _environment(self, variables: Mapping[str, str]) -> dict[str, str]:
        # A make inside this one takes neither its jobs nor its variables over.
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        return {**kept, "PATH": f"{self.folder}{os.pathsep}{kept['PATH']}", **self.variables, **variables}
