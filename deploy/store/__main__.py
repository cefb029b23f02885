"""Prints the commands that prepare OpenBao (or Vault) for a rendered overlay; what they do is read before it is run."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from deploy.smoke.rendered import read
from deploy.store.commands import commands


def main() -> int:
    """Print and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m deploy.store", description=__doc__)
    parser.add_argument("rendered", type=Path, help="what `make manifests` printed")
    given = parser.parse_args()
    print("\n".join(commands(read(given.rendered))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
