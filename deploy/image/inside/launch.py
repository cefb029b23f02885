"""Starts one process with the packages and the code of its own trust domain in sight, and nothing else.

The image's entry point is `python3 -I -S launch.py`; the command is the rest: `services.identity serve --config FILE`.

Beside this file lie `contracts/` (the stubs) and one folder for each trust domain with `code/` and `packages/`. -S
keeps Python from looking for packages anywhere itself (so no .pth file is ever read), -I from its environment and from
the working folder; what is left is the standard library, and the three folders that are put behind it here. Which
domain a process belongs to is told by where its code lies: there is no table that could say otherwise.
"""

from __future__ import annotations

import re
import runpy
import sys
from pathlib import Path

_MODULE = re.compile(r"(services|gateway)(\.[a-z]+)+")
_EX_USAGE = 64


class NotStarted(Exception):
    """The command names no process of the image, or Python itself was not started as it must be."""


def search_path(root: Path, module: str) -> list[str]:
    """Return the folders in which the process's imports are looked up; raises NotStarted."""
    if not _MODULE.fullmatch(module):
        raise NotStarted("Name the process first: services.identity serve --config FILE")
    homes = [
        main.parents[len(module.split("."))] for main in root.glob(f"*/code/{module.replace('.', '/')}/__main__.py")
    ]
    if len(homes) != 1:
        raise NotStarted(f"There is no process {module} in this image.")
    return [str(homes[0]), str(root / "contracts"), str(homes[0].parent / "packages")]


def main(root: Path, arguments: list[str]) -> None:
    """Become the process that the first argument names; raises NotStarted."""
    if not (sys.flags.isolated and sys.flags.no_site):
        raise NotStarted("Start Python with -I -S: otherwise it looks for packages by itself.")
    module = arguments[0] if arguments else ""
    sys.path += search_path(root, module)
    sys.argv = [module, *arguments[1:]]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    try:
        main(Path(__file__).resolve().parent, sys.argv[1:])
    except NotStarted as reason:
        print(reason, file=sys.stderr)
        sys.exit(_EX_USAGE)
