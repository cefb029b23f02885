"""`python -m deploy.image base|build|check`: makes the base, the image, or two images that must be the same."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time

from deploy.image.base import make_base
from deploy.image.build import build
from deploy.image.context import PROJECT, gather, release_of
from deploy.image.engine import BASE, IMAGE, NotBuilt, exists, need
from deploy.image.tried import what_is_wrong

FOLDER = PROJECT / ".local" / "image"


def main(arguments: list[str]) -> int:
    """Do what the command line says and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.image", description=__doc__)
    parser.add_argument("command", choices=["base", "build", "check"])
    parser.add_argument("--base", default=os.environ.get("BASE") or BASE, help=f"image to build on (default: {BASE})")
    parser.add_argument("--name", default=IMAGE, help=f"name of the image (default: {IMAGE})")
    said = parser.parse_args(arguments)
    try:
        need("buildah", "mmdebstrap")
        FOLDER.mkdir(parents=True, exist_ok=True)
        release = release_of(PROJECT)
        if said.command == "base" or (said.base == BASE and not exists(BASE)):
            started = time.monotonic()
            print("image: making the base from Debian's archive")
            print(f"image: base {make_base(FOLDER, epoch=release.epoch)} in {time.monotonic() - started:.0f} s")
        if said.command == "base":
            return 0
        context = FOLDER / "context"
        print("image: gathering code, stubs and wheels")
        gather(context, release, machine=platform.machine())
        print("image: building, without a network")
        started = time.monotonic()
        built = build(context, release, base=said.base, name=said.name)
        print(f"image: {built.name} {built.digest}, {built.megabytes:.0f} MB, in {time.monotonic() - started:.0f} s")
        if said.command == "check":
            again = build(context, release, base=said.base, name=f"{said.name.partition(':')[0]}:again")
            print(f"image: built again: {again.digest}")
            if again.digest != built.digest:
                print("image: the same source gave two images", file=sys.stderr)
                return 1
            wrong = what_is_wrong(said.name)
            print("\n".join(f"image: {line}" for line in wrong) or "image: nothing worked in it that must not")
            return 1 if wrong else 0
    except NotBuilt as reason:
        print(f"image: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
