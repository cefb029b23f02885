"""Lays out what the image holds: for each trust domain its packages, hashes checked, and the code of its processes.

Runs in the first stage of the Dockerfile, without a network: `python3 -I -S -B layout.py CONTEXT MADE`.
"""

from __future__ import annotations

import hashlib
import os
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

#: The processes of each trust domain, as folders of the source; a process sees the code of its own domain alone.
TRUST_DOMAINS = {
    "keys": ("services/audit/ledger", "services/shielding"),
    "people": ("services/identity",),
    "records": ("services/directory",),
    "front": ("gateway/edge", "gateway/web"),
    "review": ("services/audit/review",),
}
#: What every process sees: how a process of ours runs, and the published figures.
SHARED = ("services/runtime", "deploy/config")
#: Not compiled because it is never imported: what an editor or a type checker would want, and what a run left behind.
NEEDLESS = shutil.ignore_patterns("__pycache__", "*.pyc", "*.pyi", "*.pth", "*.binpb", ".*")


def main(context: Path, made: Path) -> None:
    """Make the whole tree in `made` from what the context holds."""
    made.mkdir(parents=True)
    for domain, processes in TRUST_DOMAINS.items():
        install(context, domain, made / domain / "packages")
        for part in (*processes, *SHARED):
            place(context / "source", part, made / domain / "code")
    shutil.copytree(context / "contracts", made / "contracts", ignore=NEEDLESS)
    shutil.copytree(context / "static", made / "static")
    shutil.copy(context / "inside" / "launch.py", made)
    compile_all(made)
    share_equal_files(made)
    subprocess.run([sys.executable, "-I", "-S", "-B", context / "inside" / "sbom.py", context, made], check=True)
    for path in made.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)


def install(context: Path, domain: str, packages: Path) -> None:
    """Install a domain's hashed file, from the wheels of the context and nothing else; a `.pth` file is refused."""
    (pip,) = (context / "pip").glob("pip-*.whl")
    subprocess.run(
        [
            *(sys.executable, "-I", "-B", pip / "pip", "install"),
            *("--quiet", "--no-input", "--no-cache-dir", "--disable-pip-version-check", "--root-user-action=ignore"),
            *("--no-index", "--find-links", context / "wheels", "--only-binary=:all:", "--require-hashes"),
            *("--no-compile", "--target", packages),
            *("--requirement", context / "requirements" / f"{domain}.txt"),
        ],
        check=True,
    )
    # Commands of the packages: nobody runs them, and their first lines name an interpreter that looks for packages.
    shutil.rmtree(packages / "bin", ignore_errors=True)
    found = [path.name for path in packages.rglob("*.pth")]
    if found:
        raise SystemExit(f"{domain}: {', '.join(found)}: a package may not run code when Python starts")


def place(source: Path, part: str, code: Path) -> None:
    """Copy one folder of the source, with the `__init__.py` of each folder above it; one that is not there is left."""
    if not (source / part).is_dir():
        return
    shutil.copytree(source / part, code / part, ignore=NEEDLESS)
    for above in Path(part).parents:
        if (source / above / "__init__.py").is_file():
            shutil.copy(source / above / "__init__.py", code / above)


def compile_all(made: Path) -> None:
    """Compile every module once: the root folder is read-only, so a process could not keep what it compiles.

    The compiled files hold no time and are never compared with their sources; the import puts the real path in.
    """
    for source in sorted(made.rglob("*.py")):
        py_compile.compile(
            str(source),
            dfile=source.name,
            quiet=2,  # packages bring templates and samples of other Pythons
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )


def share_equal_files(made: Path) -> None:
    """Make equal files one file with several names: the five sets have most packages in common."""
    first: dict[str, Path] = {}
    for path in sorted(made.rglob("*")):
        if path.is_file() and not path.is_symlink():
            kept = first.setdefault(hashlib.sha256(path.read_bytes()).hexdigest(), path)
            if kept != path:
                path.unlink()
                os.link(kept, path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
