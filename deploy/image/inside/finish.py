"""Ends the making of the image: strips the base to what processes need, then refuses what must not be there.

Runs last in the Dockerfile, as root, without a shell: `python3 -I -S -B finish.py /opt/contactpoint`.
"""

from __future__ import annotations

import os
import py_compile
import shutil
import stat
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

TOOLS = {"as", "c++", "cc", "clang", "cpp", "g++", "gcc", "go", "ld", "make", "rustc", "tcc"}
INSTALLERS = {"apt", "apt-get", "dpkg", "easy_install", "npm", "pip", "pip3", "start-stop-daemon", "uv"}
_KERNEL_FOLDERS = ("/proc", "/sys", "/dev")


def main(root: Path) -> int:
    """Strip the base, check the whole image, and return the exit code: one line on stderr for each problem."""
    strip(root)
    compile_standard_library()
    found = [*forbidden_files(), *missing_time_zone(), *processes_that_do_not_load(root)]
    for problem in found:
        print(problem, file=sys.stderr)
    return 1 if found else 0


def strip(root: Path) -> None:
    """Remove what the base installed for its own Python (pip above all) and every installer: no process sees any."""
    for site in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), "/usr/lib/python3/dist-packages"}:
        for entry in sorted(Path(site).glob("*")):
            if not entry.is_relative_to(root):
                shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    shutil.rmtree(Path(sysconfig.get_path("stdlib")) / "ensurepip", ignore_errors=True)
    for folder in programs():
        for entry in sorted(folder.iterdir()):
            if entry.name in INSTALLERS or entry.name.startswith(("pip3.", "easy_install-")):
                entry.unlink()
    for path, mode in files():
        if mode & (stat.S_ISUID | stat.S_ISGID):
            path.chmod(stat.S_IMODE(mode) & ~(stat.S_ISUID | stat.S_ISGID))


def compile_standard_library() -> None:
    """Compile what the base has not: the root folder is read-only, so each start would do it again."""
    library = Path(sysconfig.get_path("stdlib"))
    if not (library / "__pycache__").is_dir():
        for source in sorted(library.rglob("*.py")):
            py_compile.compile(
                str(source),
                dfile=source.name,
                quiet=2,
                invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
            )


def forbidden_files() -> Iterator[str]:
    """Yield compilers, start-up code of packages, and files that anybody may write."""
    for folder in programs():
        yield from (f"{folder / name}: a compiler" for name in sorted(TOOLS) if (folder / name).exists())
    for path, mode in files():
        if path.suffix == ".pth":
            yield f"{path}: runs when Python starts"
        if mode & stat.S_IWOTH:
            yield f"{path}: anybody may write it"


def missing_time_zone() -> Iterator[str]:
    """Yield a problem where the base has no time zones: a day of ours is Europe/London's."""
    try:
        ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        yield "the base has no time zones: install its package tzdata"


def processes_that_do_not_load(root: Path) -> Iterator[str]:
    """Yield each process whose modules cannot all be imported, as the user that it will be."""
    for main_file in sorted(root.glob("*/code/**/__main__.py")):
        code = next(parent for parent in main_file.parents if parent.name == "code")
        module = ".".join(main_file.parent.relative_to(code).parts)
        tried = subprocess.run(
            [sys.executable, "-I", "-S", "-B", str(root / "launch.py"), module, "--help"],
            capture_output=True,
            text=True,
            check=False,
            env={},
            user=10001,
            group=10001,
            extra_groups=[],
            cwd="/",
        )
        if tried.returncode:
            yield f"{module}: {tried.stderr.strip().splitlines()[-1:]}"


def programs() -> list[Path]:
    """Return the folders in which programs lie."""
    named = [*os.defpath.split(":"), "/usr/local/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"]
    return [Path(folder) for folder in named if folder and Path(folder).is_dir()]


def files() -> Iterator[tuple[Path, int]]:
    """Yield every ordinary file of the image and its mode."""
    for folder, below, names in os.walk("/"):
        below[:] = [name for name in below if str(Path(folder, name)) not in _KERNEL_FOLDERS]
        for name in names:
            path = Path(folder, name)
            mode = path.lstat().st_mode
            if stat.S_ISREG(mode):
                yield path, mode


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
