"""buildah without a daemon: found, or installed where that is allowed; its storage is the machine's own."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

IMAGE = "localhost/contactpoint:latest"
BASE = "localhost/contactpoint-base:bookworm"
_TAIL = 4000


class NotBuilt(Exception):
    """The image could not be made; the text says what was tried and what to do."""


def need(*programs: str, **files: str) -> None:
    """Make sure that the programs are here; on Debian, as root, they are installed. Raises NotBuilt.

    A program has its package's name; a package that brings none is named with a file of its own.
    """
    missing = [program for program in programs if shutil.which(program) is None]
    missing += [package for package, file in files.items() if not Path(file).exists()]
    if not missing:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise NotBuilt(f"Missing: {', '.join(missing)}. On Debian, as root: apt-get install {' '.join(missing)}")
    print(f"image: installing {', '.join(missing)}")
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = [program("apt-get"), "install", "-y", "-q", "--no-install-recommends", *missing]
    if subprocess.run(install, env=quiet, capture_output=True, check=False).returncode == 0:
        return
    subprocess.run([program("apt-get"), "update", "-q"], env=quiet, capture_output=True, check=False)
    done = subprocess.run(install, env=quiet, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotBuilt(f"apt-get could not install {', '.join(missing)}:\n{done.stderr[-_TAIL:]}")


def program(name: str) -> str:
    """Return where a program of the machine lies; raises NotBuilt."""
    found = shutil.which(name)
    if found is None:
        raise NotBuilt(f"There is no {name} here.")
    return found


def buildah(*arguments: str) -> str:
    """Run buildah and return what it prints; raises NotBuilt with its last words."""
    # chroot needs no namespaces of its own, which a container in which we may be running refuses.
    environment = {"BUILDAH_ISOLATION": "chroot", **os.environ}
    command = [program("buildah"), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotBuilt(f"buildah {arguments[0]} failed:\n{(done.stdout + done.stderr)[-_TAIL:]}")
    return done.stdout.strip()


def exists(image: str) -> bool:
    """Say whether the machine's storage holds an image of this name."""
    command = [program("buildah"), "inspect", "--type", "image", image]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0
