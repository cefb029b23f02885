"""Runs the register of promises: `python -m tests.promises [--kill] [D1 I3 ...]`, a line each and a summary line."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

from tests.promises.register import Kill, Promise, read_register

ROOT = Path(__file__).resolve().parents[2]
_NOT_COPIED = shutil.ignore_patterns(".git", ".venv", ".local", "__pycache__", ".*_cache", ".hypothesis")


def main() -> int:
    """Run what the arguments say; return 0 if everything held."""
    parser = argparse.ArgumentParser(prog="python -m tests.promises", description=__doc__)
    parser.add_argument("ids", nargs="*", help="such as D1 (all where none is given)")
    parser.add_argument("--kill", action="store_true", help="break the build in each named way, and see a test go red")
    given = parser.parse_args()
    register = read_register()
    unknown = set(given.ids) - {promise.id for promise in register}
    if unknown:
        parser.error(f"no such promise: {', '.join(sorted(unknown))}")
    chosen = [promise for promise in register if not given.ids or promise.id in given.ids]
    results = list(_killed(chosen) if given.kill else _shown(chosen))
    failed = results.count(False)
    print(f"{len(results) - failed} passed, {failed} failed", flush=True)
    return 1 if failed or not results else 0


def _shown(promises: list[Promise]) -> Iterator[bool]:
    for promise in promises:
        begun_at = time.monotonic()
        code, figures, last = run_tests(ROOT, promise.tests)
        word = "ok    " if code == 0 else "FAILED"
        said = "; ".join(figures) or promise.figure
        print(f"{promise.id:3} {word} {promise.promise} [{said}] ({time.monotonic() - begun_at:.0f} s)", flush=True)
        if code:
            print(last, flush=True)
        yield code == 0


def _killed(promises: list[Promise]) -> Iterator[bool]:
    for promise in promises:
        for kill in promise.kills:
            begun_at = time.monotonic()
            with tempfile.TemporaryDirectory(prefix="contactpoint-kill-") as folder:
                copy = Path(folder) / "c"
                shutil.copytree(ROOT, copy, ignore=_NOT_COPIED, symlinks=True)
                problem = _break(copy, kill)
                code, _, last = (2, [], problem) if problem else run_tests(copy, kill.tests)
            # 1 is pytest's "tests ran, and some failed"; anything else is no red test but a broken run.
            is_red = code == 1
            word = "red, as it must be" if is_red else f"NOT NOTICED (exit {code})"
            print(f"{promise.id:3} {kill.way}: {word} ({time.monotonic() - begun_at:.0f} s)", flush=True)
            if not is_red:
                print(last, flush=True)
            yield is_red


def _break(copy: Path, kill: Kill) -> str:
    for change in kill.changes:
        path = copy / change.file
        text = path.read_text("utf-8")
        if text.count(change.replace) != 1:
            return f"{change.file}: the text to break is there {text.count(change.replace)} times; mend the register"
        path.write_text(text.replace(change.replace, change.by), "utf-8")
    return ""


def run_tests(root: Path, tests: tuple[str, ...]) -> tuple[int, list[str], str]:
    """Return pytest's exit code, the figures that tests recorded, and the end of what it printed."""
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        ended = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-x",
                "--no-header",
                "-ojunit_family=xunit1",
                f"--junitxml={report.name}",
                *tests,
            ],
            cwd=root,
            env={**os.environ, "PYTHONPATH": f"{root}:{root / 'gen'}", "CONTACTPOINT_FULL": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        try:
            found = ET.parse(report.name).iter("property")  # noqa: S314  # our own pytest wrote it
            figures = [one.get("value", "") for one in found if one.get("name") == "figure"]
        except ET.ParseError:
            figures = []
    return ended.returncode, figures, (ended.stdout + ended.stderr)[-3000:]


if __name__ == "__main__":
    sys.exit(main())
